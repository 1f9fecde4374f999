import AT
import Bearer
import ByteStreams
import Modem
import NIOCore
import Scopes
import Synchronization

/// A Quectel as a `CommandPort`, by what its manual says of contexts and sockets (at-dialects 3.5). Whatever a socket is sent
/// comes back from its peer when `echoes` is set.
final class FarModemPort: CommandPort {
    struct State {
        var commands: [String] = []
        var activeContexts: Set<Int> = []
        /// Answers of `+QIACT=`, in order; when none is left, `OK`.
        var activations: [FinalResultCode] = []
        var lastError = "0,operate successfully"
        var report = ""
        /// The result of each open by host.
        var openResults: [String: Int] = [:]
        /// Whether a line says how an open ended.
        var saysOpens = true
        var sockets: [Int: Socket] = [:]
        var echoes = false
        var refusedSends = 0
        var streams: [AsyncStream<ATLine>.Continuation] = []
        var introducers = 0
        /// Commands that begin so are not answered before their caller is cancelled.
        var silent: String?
        var dataLine: DataLine?
        var dialResult: FinalResultCode = .connect("")
    }

    struct Socket {
        var toPeer: [UInt8] = []
        var fromPeer: [UInt8] = []
        var hasPeerClosed = false
        var isArmed = true
    }

    let state = Mutex(State())

    var commands: [String] { state.withLock { $0.commands } }
    var openSlots: [Int] { state.withLock { $0.sockets.keys.sorted() } }
    var activeContexts: Set<Int> { state.withLock { $0.activeContexts } }

    func emit(_ lines: String...) {
        let streams = state.withLock { $0.streams }
        for line in lines { for stream in streams { stream.yield(ATLine(line)) } }
    }

    func unplug() {
        for stream in state.withLock({ $0.streams }) { stream.finish() }
    }

    func arrive(_ octets: [UInt8], _ slot: Int = 0) {
        let isSaid = state.withLock { state in
            state.sockets[slot]?.fromPeer += octets
            defer { state.sockets[slot]?.isArmed = false }
            return state.sockets[slot]?.isArmed == true
        }
        if isSaid { emit("+QIURC: \"recv\",\(slot)") }
    }

    func closePeer(_ slot: Int = 0) {
        state.withLock { $0.sockets[slot]?.hasPeerClosed = true }
        emit("+QIURC: \"closed\",\(slot)")
    }

    // MARK: CommandPort

    func unsolicited() async -> AsyncStream<ATLine> {
        let (stream, continuation) = AsyncStream<ATLine>.makeStream()
        state.withLock { $0.streams.append(continuation) }
        return stream
    }

    func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) async {
        state.withLock { $0.introducers += introducers.count }
    }

    func perform(_ exchange: Exchange) async throws(ATError) -> Exchange.Answer {
        if Task.isCancelled { throw .cancelled }
        let text = exchange.text.wire
        let isSilent = state.withLock { state in
            state.commands.append(text)
            return state.silent.map { text.hasPrefix($0) } ?? false
        }
        if isSilent {
            try? await ContinuousClock().sleep(for: .seconds(60))
            throw .cancelled
        }
        let (answer, lines) = state.withLock { $0.answer(text, exchange) }
        for line in lines { emit(line) }
        return answer
    }

    func connect(_ exchange: Exchange) async throws(ATError) -> any DataModeLine {
        let (line, code) = state.withLock { state in
            state.commands.append(exchange.text.wire)
            return (state.dataLine, state.dialResult)
        }
        guard case .connect = code, let line else {
            throw .refused(command: exchange.text.redacted, code: code)
        }
        line.rejoin()
        return line
    }
}

extension FarModemPort.State {
    fileprivate mutating func answer(_ text: String, _ exchange: Exchange) -> (Exchange.Answer, [String]) {
        let error = (Exchange.Answer(result: .error), [String]())
        let ok = (Exchange.Answer(), [String]())
        let name = text.dropFirst(2).prefix { $0 != "=" && $0 != "?" }
        let fields = text.split(separator: "=").dropFirst().first?.split(separator: ",").map(String.init) ?? []
        let first = fields.first.flatMap { Int($0) } ?? -1
        switch name {
        case "+QICFG", "+QISDE", "+QICSGP": return ok
        case "+QIACT" where text.hasSuffix("?"):
            return (.init(lines: activeContexts.sorted().map { ATLine("+QIACT: \($0),1,1,\"10.1.2.\($0)\"") }), [])
        case "+QIACT": return activate(first)
        case "+QIDEACT":
            sockets = [:]
            guard activeContexts.remove(first) != nil else { return error }
            return ok
        case "+QIGETERROR": return (.init(lines: [ATLine("+QIGETERROR: \(lastError)")]), [])
        case "+CEER": return (.init(lines: report.isEmpty ? [] : [ATLine("+CEER: \(report)")]), [])
        case "+QIOPEN": return open(fields)
        case "+QISEND": return send(first, exchange)
        case "+QIRD": return fetch(first, Int(fields[1]) ?? 0)
        case "+QISTATE":
            guard let slot = Int(fields[1]), let socket = sockets[slot] else { return ok }
            return (
                .init(lines: [ATLine("+QISTATE: \(slot),\"TCP\",\"1.2.3.4\",465,0,\(socket.hasPeerClosed ? 4 : 2),1")]),
                []
            )
        case "+QICLOSE":
            guard sockets.removeValue(forKey: first) != nil else { return error }
            return ok
        default: return error
        }
    }

    private mutating func activate(_ cid: Int) -> (Exchange.Answer, [String]) {
        let code = activations.isEmpty ? .ok : activations.removeFirst()
        if code == .ok { activeContexts.insert(cid) }
        return (.init(result: code), [])
    }

    private mutating func open(_ fields: [String]) -> (Exchange.Answer, [String]) {
        guard let slot = Int(fields[1]), activeContexts.contains(Int(fields[0]) ?? -1) else {
            return (.init(result: .error), [])
        }
        let host = String(fields[3].dropFirst().dropLast())
        let result = sockets[slot] == nil ? openResults[host] ?? 0 : 563
        if sockets[slot] == nil { sockets[slot] = FarModemPort.Socket() }
        return (.init(), saysOpens ? ["+QIOPEN: \(slot),\(result)"] : [])
    }

    private mutating func send(_ slot: Int, _ exchange: Exchange) -> (Exchange.Answer, [String]) {
        guard var socket = sockets[slot], !socket.hasPeerClosed else { return (.init(result: .error), []) }
        guard let octets = exchange.payload?.octets else {
            return (.init(lines: [ATLine("+QISEND: \(socket.toPeer.count),\(socket.toPeer.count),0")]), [])
        }
        if refusedSends > 0 {
            refusedSends -= 1
            return (.init(result: .vendor("SEND FAIL")), [])
        }
        socket.toPeer += octets.readableBytesView
        var lines: [String] = []
        if echoes {
            socket.fromPeer += octets.readableBytesView
            if socket.isArmed { lines = ["+QIURC: \"recv\",\(slot)"] }
            socket.isArmed = false
        }
        sockets[slot] = socket
        return (.init(completingLine: ATLine("SEND OK"), octetsWritten: octets.readableBytes), lines)
    }

    private mutating func fetch(_ slot: Int, _ most: Int) -> (Exchange.Answer, [String]) {
        guard var socket = sockets[slot] else { return (.init(result: .error), []) }
        let count = min(most, socket.fromPeer.count)
        let octets = ByteBuffer(bytes: socket.fromPeer.prefix(count))
        socket.fromPeer.removeFirst(count)
        if socket.fromPeer.isEmpty { socket.isArmed = true }
        sockets[slot] = socket
        return (.init(lines: [ATLine("+QIRD: \(count)", payload: count > 0 ? octets : nil)]), [])
    }
}

/// The line in data mode, before a memory stream.
final class DataLine: DataModeLine {
    private struct State {
        var leaves = 0
        var marks = 0
        var isLeft = false
        var late = ByteBuffer()
        var onLeaving: @Sendable () -> Void = {}
    }

    private let stream: MemoryStream
    private let state = Mutex(State())

    init(_ stream: MemoryStream) {
        self.stream = stream
    }

    var leaveCount: Int { state.withLock { $0.leaves } }
    /// How often the modem was said to have left data mode by itself.
    var markCount: Int { state.withLock { $0.marks } }

    /// Octets that come while data mode is being left.
    func arriveLate(_ octets: [UInt8]) { state.withLock { $0.late = ByteBuffer(bytes: octets) } }
    /// What happens while data mode is being left.
    func whenLeaving(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onLeaving = body } }
    func rejoin() { state.withLock { $0.isLeft = false } }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        let late: ByteBuffer? = state.withLock { state in
            guard state.isLeft else { return nil }
            defer { state.late = ByteBuffer() }
            return state.late
        }
        guard let late else { return try await stream.read(atMost: atMost) }
        guard late.readableBytes > 0 else { throw .closed }
        return late
    }
    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) { try await stream.write(&octets) }
    func flush() async throws(StreamFailure) { try await stream.flush() }
    func close() async -> TeardownStep { await leave() }
    func leave() async -> TeardownStep {
        let onLeaving = state.withLock { state in
            state.leaves += 1
            state.isLeft = true
            return state.onLeaving
        }
        onLeaving()
        return TeardownStep(name: "data mode", outcome: .done, duration: .zero)
    }
    func markLeft() async -> TeardownStep {
        state.withLock { state in
            state.marks += 1
            state.isLeft = true
        }
        return TeardownStep(name: "data mode", outcome: .done, duration: .zero)
    }
}

/// Time that a test moves: whoever sleeps is woken as soon as the clock stands behind his time.
final class ManualTime: Sendable {
    private struct State {
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var sleepers: [Int: (until: NIODeadline, waiter: CheckedContinuation<Void, Never>)] = [:]
        var nextKey = 0
        /// Whether sleeping moves the time.
        var isEager = false
    }

    private let state = Mutex(State())

    /// - Parameter isEager: every sleep ends at once, and the time is then what was slept for.
    init(isEager: Bool = false) {
        state.withLock { $0.isEager = isEager }
    }

    var clock: BearerClock { BearerClock(now: { self.now }, sleep: { await self.sleep($0) }) }
    var now: NIODeadline { state.withLock { $0.now } }
    var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    func advance(_ amount: TimeAmount) {
        let woken = state.withLock { state in
            state.now = state.now + amount
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for key in due.keys { state.sleepers[key] = nil }
            return due.values.map(\.waiter)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Moves to the first sleeper's time when that is no further than `limit`: the others keep their order. False: nobody
    /// sleeps so short.
    func advanceToNext(within limit: TimeAmount) -> Bool {
        let wait = state.withLock { state in state.sleepers.values.map { $0.until - state.now }.min() }
        guard let wait, wait <= limit else { return false }
        advance(wait)
        return true
    }

    /// Lets short sleeps end in their order while `body` runs; long ones, of limits, go on.
    func passing<Result>(within limit: TimeAmount, _ body: () async throws -> Result) async rethrows -> Result {
        let mover = Task {
            while !Task.isCancelled {
                if !advanceToNext(within: limit) { await Task.yield() }
            }
        }
        defer { mover.cancel() }
        return try await body()
    }

    private func sleep(_ until: NIODeadline) async {
        let key = state.withLock { state in
            state.nextKey += 1
            return state.nextKey
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isDue = state.withLock { state in
                    if state.isEager { state.now = max(state.now, until) }
                    guard until > state.now, !Task.isCancelled else { return true }
                    state.sleepers[key] = (until, waiter)
                    return false
                }
                if isDue { waiter.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: key)?.waiter }?.resume()
        }
    }
}
