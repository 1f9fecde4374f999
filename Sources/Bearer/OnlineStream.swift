import ByteStreams
import Modem
import NIOCore
import Scopes
import Synchronization

/// A socket that is the line itself (transparent mode): every octet is payload, until the modem says within it that the
/// connection has ended.
///
/// That end text cannot be told from payload. A tail that begins like it is held back for 200 ms, since a modem writes it in
/// one go; once the whole text has come, what follows is held back for the guard time, and then the line is probed by leaving
/// data mode and asking for the socket. Where it stands no longer, the stream ends behind the last octet before the text, by
/// the peer or by a lost link. Where it stands, the text was payload: the line is resumed and the octets are given to the
/// reader. More than `longestSuspicion` octets behind the text are payload without a probe.
actor OnlineStream: ByteStream {
    enum Ending: Sendable, Equatable {
        case peerClosed
        case lost(String)
    }

    private enum Life {
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

    private let dial: OnlineDial
    private var scanner: EndTextScanner
    private var life: Life
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private let closedFlag = Mutex(false)

    init(_ line: any DataModeLine, _ dial: OnlineDial) {
        self.dial = dial
        life = .online(line)
        let text: [UInt8] = if case .online(let endText) = dial.dialect.carriage { endText } else { [] }
        scanner = EndTextScanner(text: text, longestSuspicion: Self.longestSuspicion)
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
            if let octets = scanner.take(atMost: atMost) { return octets }
            switch life {
            case .ended(.peerClosed): return nil
            case .ended(.lost(let words)): throw .linkLost(words)
            case .closing, .closed: throw .closed
            case .probing: try await waitForChange()
            case .online(let line): try await fill(line)
            }
        }
    }

    /// Reads once from the line; a suspicion bounds the wait, and a probe settles it.
    private func fill(_ line: any DataModeLine) async throws(StreamFailure) {
        let now = dial.clock.now()
        let limit: NIODeadline? =
            switch scanner.suspicion {
            case .none: nil
            case .tail: now + Self.tailTime
            case .whole: now + Self.guardTime
            }
        switch await Self.read(from: line, until: limit, clock: dial.clock) {
        case .octets(let octets): scanner.append(octets)
        case .silent:
            if scanner.suspicion == .whole { await probe(line) } else { scanner.release() }
        case .end: await probe(line)
        case .failed(.cancelled): throw .cancelled
        case .failed(let failure):
            guard case .online = life else { return }
            life = .ended(.lost(failure.summary))
            wake()
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

    /// Leaves data mode, asks how the connection stands, and resumes it when it does.
    private func probe(_ line: any DataModeLine) async {
        guard case .online = life else { return }
        life = .probing
        let step = await line.leave()
        let next: Life
        switch step.outcome {
        case .done, .notNeeded:
            if let ending = await dial.ending() { next = .ended(ending) } else { next = await resumed() }
        case .failed(let words): next = .ended(.lost(words))
        case .cut: next = .ended(.lost("the line did not return to command mode"))
        }
        guard case .probing = life else { return }
        if case .online = next { scanner.release() } else { scanner.discardSuspicion() }
        life = next
        wake()
    }

    private func resumed() async -> Life {
        let operation = SocketOperation.resumeOnline(slot: dial.slot)
        guard let exchange = try? dial.dialect.exchange(for: operation),
            let line = try? await dial.port.connect(exchange)
        else { return .ended(.lost("the connection could not be resumed")) }
        return .online(line)
    }

    private func wake() {
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    private func waitForChange() async throws(StreamFailure) {
        guard case .probing = life else { return }
        await withCheckedContinuation { waiters.append($0) }
        if Task.isCancelled { throw .cancelled }
    }

    // MARK: Writing

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        guard octets.readableBytes > 0 else { return }
        while true {
            switch life {
            case .online(let line):
                do throws(StreamFailure) {
                    return try await line.write(&octets)
                } catch {
                    // The line of a connection that ended, or was left for a probe, says only that it is closed.
                    guard error == .closed, case .probing = life else { throw told(error) }
                }
            case .probing: try await waitForChange()
            case .ended(.peerClosed): throw .reset("the peer closed the connection")
            case .ended(.lost(let words)): throw .linkLost(words)
            case .closing, .closed: throw .closed
            }
        }
    }

    private func told(_ error: StreamFailure) -> StreamFailure {
        switch life {
        case .ended(.peerClosed): .reset("the peer closed the connection")
        case .ended(.lost(let words)): .linkLost(words)
        case .online, .probing, .closing, .closed: error
        }
    }

    /// The link cannot tell what was acknowledged.
    func flush() async throws(StreamFailure) {
        guard case .online(let line) = life else { return }
        try await line.flush()
    }

    // MARK: Closing

    /// A guarded `+++`, unless the modem left data mode before, then the dialect's close.
    func close() async -> TeardownStep {
        let start = dial.clock.now()
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
