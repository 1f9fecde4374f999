import AT
import ByteStreams
import Modem
import NIOCore
import Scopes
import Support
import Testing

/// Random events by seed, over the shapes of several makers: every octet is written once and in order, every octet is read once
/// and in order, the end comes last, and the slot is free again.
@Suite(.timeLimit(.minutes(5))) struct DialectRandomTests {
    enum Maker: String, CaseIterable, Sendable {
        case quectel, quectelPush, simcom, simcomSendOK, simcomPush, simcomNarrow, sim7080, ublox, cinterion, sierraHL,
            sequans

        var pair: (any Dialect, FarModem) {
            switch self {
            case .quectel: (Quectel(mode: .buffer), FarQuectel())
            case .quectelPush: (Quectel(mode: .push), FarQuectel())
            case .simcom: (SIMCom(mode: .buffer), FarSIM800())
            case .simcomSendOK: (SIMCom(mode: .sendOK), Self.far { $0.isQuick = false })
            case .simcomPush: (SIMCom(mode: .push), Self.far { $0.isPushing = true })
            case .simcomNarrow: (SIMCom(mode: .buffer), Self.far { $0.largestSend = 700 })
            case .sim7080: (SIM7080Shape(), FarSIM7080())
            case .ublox: (UbloxShape(), FarUblox())
            case .cinterion: (CinterionShape(), FarCinterion())
            case .sierraHL: (SierraHLShape(), FarSierraHL())
            case .sequans: (SequansShape(), FarSequans())
            }
        }

        private static func far(_ change: (FarSIM800) -> Void) -> FarSIM800 {
            let far = FarSIM800()
            change(far)
            return far
        }
    }

    @Test(arguments: Maker.allCases) func everyOctetGoesOnceAndInOrder(_ maker: Maker) {
        for seed in UInt64(1)...12 {
            var course = Course(maker, seed: seed)
            course.run()
            #expect(course.complaints.isEmpty, "\(maker), seed \(seed): \(course.complaints.joined(separator: "; "))")
            guard course.complaints.isEmpty else { return }
        }
    }

    @Test(arguments: Maker.allCases) func theSlotServesAgain(_ maker: Maker) {
        let (dialect, far) = maker.pair
        let rig = DialectRig(dialect, far)
        for round in 0..<20 {
            let id = rig.opened()
            #expect(rig.takeActions().contains(.opened(id)), "\(maker), round \(round)")
            if round % 2 == 0, let slot = far.sockets.keys.first { far.closePeer(slot) }
            rig.handle(.close(id))
            rig.settle()
            #expect(far.sockets.isEmpty, "\(maker), round \(round)")
            #expect(rig.machine.openIDs.isEmpty)
        }
    }
}

/// One run of two sockets: a writer and a reader each, a peer each, and a modem that takes and gives as it likes.
private struct Course {
    private struct Side {
        var id: SocketMachine.SocketID
        var slot: Int
        var toWrite: ByteBuffer
        var meant: [UInt8]
        var fromPeer: [UInt8]
        var arrived = 0
        var read: [UInt8] = []
        var isEnded = false
        var isReading = false
        var isWriting = false
    }

    private let rig: DialectRig
    private var random: SeededGenerator
    private var sides: [Side] = []
    private(set) var complaints: [String] = []

    init(_ maker: DialectRandomTests.Maker, seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let (dialect, far) = maker.pair
        rig = DialectRig(dialect, far)
        let choices = Mutator(seed: seed)
        far.accepts = { choices.pick($0) }
        far.gives = { max(1, choices.pick($0)) }
    }

    /// Of *n*: 0, 1, n − 1 or all.
    private final class Mutator {
        private var random: SeededGenerator
        init(seed: UInt64) { random = SeededGenerator(seed: seed ^ 0xFFFF) }
        func pick(_ count: Int) -> Int {
            [0, min(1, count), max(0, count - 1), count, count].randomElement(using: &random) ?? count
        }
    }

    mutating func run() {
        for _ in 0..<2 { open() }
        guard sides.count == 2 else { return }
        for _ in 0..<20_000 where !isFinished { step() }
        finish()
    }

    private mutating func open() {
        let before = Set(rig.far.sockets.keys)
        let id = rig.opened()
        guard let slot = Set(rig.far.sockets.keys).subtracting(before).first else {
            return complaints.append("not opened")
        }
        let up = (0..<Int.random(in: 0...6000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        let down = (0..<Int.random(in: 0...6000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        sides.append(Side(id: id, slot: slot, toWrite: ByteBuffer(bytes: up), meant: up, fromPeer: down))
        collect()
    }

    private var isFinished: Bool {
        sides.allSatisfy { side in
            side.isEnded && side.toWrite.readableBytes == 0
                && rig.machine.counts(of: side.id)?.accepted == side.meant.count
        }
    }

    private mutating func step() {
        let index = Int.random(in: 0..<sides.count, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: startWrite(index)
        case 2, 3: startRead(index)
        case 4: arrive(index)
        case 5, 6: rig.passLine()
        case 7, 8: rig.answer()
        // What was said stands before what time brings.
        default: if rig.exchange == nil, rig.far.lines.isEmpty { rig.wait(atMost: .seconds(60)) }
        }
        if sides[index].isReading, Int.random(in: 0..<20, using: &random) == 0 {
            rig.handle(.cancelRead(sides[index].id))
        }
        collect()
    }

    private mutating func startWrite(_ index: Int) {
        let side = sides[index]
        guard !side.isWriting, side.toWrite.readableBytes > 0 else { return }
        let most = Int.random(in: 1...max(1, side.toWrite.readableBytes), using: &random)
        guard let slice = side.toWrite.getSlice(at: side.toWrite.readerIndex, length: most) else { return }
        sides[index].isWriting = true
        rig.handle(.write(side.id, slice))
    }

    private mutating func startRead(_ index: Int) {
        guard !sides[index].isReading else { return }
        sides[index].isReading = true
        rig.handle(.read(sides[index].id, atMost: Int.random(in: 1...3000, using: &random)))
    }

    /// The peer sends some, and closes behind the last once it has everything.
    private mutating func arrive(_ index: Int) {
        let side = sides[index]
        let left = side.fromPeer.count - side.arrived
        if left > 0 {
            let count = Int.random(in: 1...left, using: &random)
            rig.far.arrive(Array(side.fromPeer[side.arrived..<side.arrived + count]), side.slot)
            sides[index].arrived += count
        } else if rig.far.taken(side.slot).count == side.meant.count {
            rig.far.closePeer(side.slot)
        }
    }

    private mutating func collect() {
        for action in rig.takeActions() {
            switch action {
            case .readFinished(let id, let result): finishedRead(id, result)
            case .writeFinished(let id, let result):
                guard let index = sides.firstIndex(where: { $0.id == id }) else { continue }
                sides[index].isWriting = false
                switch result {
                case .success(let count): sides[index].toWrite.moveReaderIndex(forwardBy: count)
                case .failure(let failure): complaints.append("write: \(failure)")
                }
            case .openFailed(_, let fault): complaints.append("open: \(fault)")
            case .bearerLost(let words): complaints.append("lost: \(words)")
            case .perform, .opened, .flushFinished, .closed: continue
            }
        }
    }

    private mutating func finishedRead(_ id: SocketMachine.SocketID, _ result: Result<ByteBuffer?, StreamFailure>) {
        guard let index = sides.firstIndex(where: { $0.id == id }) else { return }
        sides[index].isReading = false
        switch result {
        case .success(let octets?):
            if sides[index].isEnded { complaints.append("octets behind the end") }
            sides[index].read += octets.readableBytesView
        case .success(nil): sides[index].isEnded = true
        case .failure(.cancelled): break
        case .failure(let failure): complaints.append("read: \(failure)")
        }
    }

    private mutating func finish() {
        if !isFinished { complaints.append("did not come to its end") }
        for side in sides {
            if rig.far.taken(side.slot) != side.meant {
                complaints.append("the peer got other octets than were written")
            }
            if side.read != side.fromPeer { complaints.append("read \(side.read.count) of \(side.fromPeer.count)") }
            let counts = rig.machine.counts(of: side.id)
            if counts?.received != side.fromPeer.count { complaints.append("counted \(String(describing: counts))") }
            rig.handle(.close(side.id))
        }
        rig.settle()
        while !rig.machine.openIDs.isEmpty, rig.wait() { rig.settle() }
        if !rig.far.sockets.isEmpty { complaints.append("a slot stayed in use") }
    }
}
