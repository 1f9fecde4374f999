import AT
import ByteStreams
import Modem
import NIOCore
import Scopes
import Synchronization

/// A socket that is the line itself: every octet is payload but for the carriage's marks, until the modem says within it that
/// the connection has ended.
///
/// The text of that end cannot be told from payload. A tail that begins like it is held back for 200 ms, since a modem writes
/// it in one go; once the whole text has come, what follows is held back for the guard time, and then the line is probed by
/// leaving data mode and asking for the socket. Where it stands no longer, the stream ends behind the last octet before the
/// text, by the peer or by a lost link. Where it stands, the text was payload: the line is resumed and the octets are given
/// to the reader. More than `longestSuspicion` octets behind the text are payload without a probe.
///
/// A mark of the modem ends the stream at once: the connection broke, and the line is in command mode. Where a carriage may
/// end without any sign, a line that was silent both ways for its limit is probed too.
actor OnlineStream: ByteStream {
    enum Ending: Sendable, Equatable {
        case peerClosed
        case reset(String)
        case lost(String)
    }

    enum Life {
        case online(any DataModeLine)
        /// Leaving data mode and perhaps returning; writers wait.
        case probing
        case ended(Ending)
        case closing
        case closed
    }

    /// Behind the end text before the probe, and as long as the silence that a guarded `+++` needs.
    private static let guardTime = TimeAmount.milliseconds(1100)
    private static let tailTime = TimeAmount.milliseconds(200)
    private static let longestSuspicion = 512
    private static let readOctets = 4096

    let dial: OnlineDial
    let carriage: OnlineCarriage
    private var input: OnlineInput
    var life: Life
    /// The peer has ended its direction; ours may go on.
    private var isReadEnded = false
    /// When octets passed last, either way.
    var lastTraffic: NIODeadline
    /// Octets taken from the writer and marked, which the line did not take yet.
    var marked = ByteBuffer()
    var hasEndedWriting = false
    var isWriting = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private let closedFlag = Mutex(false)

    init(_ line: any DataModeLine, _ dial: OnlineDial, _ carriage: OnlineCarriage) {
        self.dial = dial
        self.carriage = carriage
        life = .online(line)
        lastTraffic = dial.clock.now()
        input = OnlineInput(carriage, longestSuspicion: Self.longestSuspicion)
    }

    nonisolated var isClosed: Bool { closedFlag.withLock { $0 } }

    // MARK: Reading

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        precondition(atMost > 0, "a read asks for at least one octet")
        while true {
            switch life {
            case .closing, .closed: throw .closed
            case .online, .probing, .ended: break
            }
            if let octets = input.take(atMost: atMost) { return octets }
            if isReadEnded { return nil }
            switch life {
            case .ended(.peerClosed): return nil
            case .ended(.reset(let words)): throw .reset(words)
            case .ended(.lost(let words)): throw .linkLost(words)
            case .closing, .closed: throw .closed
            case .probing: try await waitForChange()
            case .online(let line): try await fill(line)
            }
        }
    }

    /// Reads once from the line; a suspicion or a silence bounds the wait, and a probe settles it.
    private func fill(_ line: any DataModeLine) async throws(StreamFailure) {
        let now = dial.clock.now()
        let limit: NIODeadline? =
            switch input.suspicion {
            case .none: carriage.silenceLimit.map { max(lastTraffic, now - $0) + $0 }
            case .tail: now + Self.tailTime
            case .whole: now + Self.guardTime
            }
        switch await Self.read(from: line, until: limit, clock: dial.clock) {
        case .octets(let octets):
            lastTraffic = dial.clock.now()
            input.append(octets)
            if input.hasEndMark { await endByMark(line) }
        case .silent: await settle(line)
        case .end: await probe(line)
        case .failed(.cancelled): throw .cancelled
        case .failed(let failure):
            guard case .online = life else { return }
            life = .ended(.lost(failure.summary))
            wake()
        }
    }

    private func settle(_ line: any DataModeLine) async {
        switch input.suspicion {
        case .whole: await probe(line)
        case .tail: input.release()
        case .none:
            guard let limit = carriage.silenceLimit, !isWriting, dial.clock.now() >= lastTraffic + limit else { return }
            await probe(line)
        }
    }

    private enum Reading: Sendable {
        case octets(ByteBuffer)
        case end
        case silent
        case failed(StreamFailure)
    }

    /// `.silent`: nothing came until the limit. A cancelled read of the line loses no octet.
    private static func read(from line: any DataModeLine, until limit: NIODeadline?, clock: BearerClock) async
        -> Reading
    {
        guard let limit else { return await read(from: line) }
        return await withTaskGroup(of: Reading.self) { group in
            group.addTask { await read(from: line) }
            group.addTask {
                await clock.sleep(limit)
                return .silent
            }
            let first = await group.next() ?? .silent
            group.cancelAll()
            let second = await group.next() ?? .silent
            guard !Task.isCancelled else { return reading(first, second) ?? .failed(.cancelled) }
            return reading(first, second) ?? .silent
        }
    }

    /// What the line gave, whichever of the two ended first; nil: nothing but the cancellation of its wait.
    private static func reading(_ first: Reading, _ second: Reading) -> Reading? {
        for reading in [first, second] {
            switch reading {
            case .octets, .end: return reading
            case .failed(let failure): if failure != .cancelled { return reading }
            case .silent: continue
            }
        }
        return nil
    }

    private static func read(from line: any DataModeLine) async -> Reading {
        do throws(StreamFailure) {
            return try await line.read(atMost: readOctets).map { .octets($0) } ?? .end
        } catch {
            return .failed(error)
        }
    }

    // MARK: The probe

    /// Leaves data mode, asks how the connection stands, and resumes it when it does. Octets that came meanwhile count.
    ///
    /// A reader that is cancelled meanwhile is kept until the end: half a probe would leave a line that nobody knows.
    private func probe(_ line: any DataModeLine) async {
        guard case .online = life else { return }
        life = .probing
        await shielded { await self.runProbe(line) }
    }

    private func runProbe(_ line: any DataModeLine) async {
        let lines = await dial.port.unsolicited()
        let step = await line.leave()
        await readRest(of: line)
        let next: Life
        switch step.outcome {
        case .done, .notNeeded:
            if input.hasEndMark {
                next = .ended(await dial.endingByMark())
            } else if let ending = await dial.ending(lines) {
                next = .ended(ending)
            } else {
                next = await resumed()
            }
        case .failed(let words): next = .ended(.lost(words))
        case .cut: next = .ended(.lost("the line did not return to command mode"))
        }
        if case .online = next { input.release() } else { input.end() }
        conclude(next)
    }

    /// The modem has left data mode by itself.
    private func endByMark(_ line: any DataModeLine) async {
        guard case .online = life else { return }
        life = .probing
        input.end()
        let dial = dial
        let ending = await shielded { () async -> Ending in
            guard await line.markLeft().isClean else { return .lost("the line did not return to command mode") }
            return await dial.endingByMark()
        }
        conclude(.ended(ending))
    }

    private func conclude(_ next: Life) {
        guard case .probing = life else { return }
        if case .ended(.peerClosed) = next { isReadEnded = true }
        lastTraffic = dial.clock.now()
        life = next
        wake()
    }

    /// What the port still holds of a line that was left.
    private func readRest(of line: any DataModeLine) async {
        while let octets = (try? await line.read(atMost: Self.readOctets)) ?? nil { input.append(octets) }
    }

    private func resumed() async -> Life {
        let operation = SocketOperation.resumeOnline(slot: dial.slot)
        let lost = Life.ended(.lost("the connection could not be resumed"))
        guard let exchange = try? dial.dialect.exchange(for: operation) else { return lost }
        do throws(ATError) {
            return .online(try await dial.port.connect(exchange))
        } catch {
            guard case .refused(_, let code) = error,
                case .failed(let fault) = dial.dialect.result(of: .init(result: code), to: operation),
                fault.kind == .reset
            else { return lost }
            return .ended(.reset(fault.words))
        }
    }

    /// The line again, for a writer whose peer has ended its own direction only.
    func reopen() async {
        life = .probing
        await shielded { await self.conclude(self.resumed()) }
    }

    func wake() {
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    func waitForChange() async throws(StreamFailure) {
        guard case .probing = life else { return }
        await withCheckedContinuation { waiters.append($0) }
        if Task.isCancelled { throw .cancelled }
    }

    // MARK: Closing

    /// A guarded `+++`, unless the modem left data mode before, then the dialect's close. A probe that is under way goes first:
    /// it may give the line back.
    func close() async -> TeardownStep {
        let start = dial.clock.now()
        while case .probing = life { await withCheckedContinuation { waiters.append($0) } }
        let before = life
        switch before {
        case .closing, .closed: return TeardownStep(name: "socket", outcome: .notNeeded, duration: .zero)
        case .online, .probing, .ended: life = .closing
        }
        wake()
        var outcome = TeardownStep.Outcome.done
        if case .online(let line) = before {
            let step = await line.leave()
            if !step.isClean { outcome = step.outcome }
        }
        let closing = await dial.closeSlot()
        life = .closed
        closedFlag.withLock { $0 = true }
        if outcome == .done { outcome = closing }
        let took = dial.clock.now() - start
        return TeardownStep(name: "socket", outcome: outcome, duration: .nanoseconds(took.nanoseconds))
    }
}
