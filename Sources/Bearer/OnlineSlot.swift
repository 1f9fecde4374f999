import AT
import Modem
import NIOCore
import Scopes
import Synchronization

/// The one connection that a line in data mode can be: who dials, who has it, and what a cancelled dial left behind.
final class OnlineSlot: Sendable {
    private enum Use: Sendable {
        case free
        case dialing
        case open(OnlineStream)
        /// A dial was given up before it ended: the modem may have opened the socket all the same.
        case leftOver(OnlineDial)
    }

    private let use = Mutex(Use.free)

    func connect(_ dial: OnlineDial) async throws(BearerError) -> OnlineStream {
        let isFree = use.withLock { use in
            switch use {
            case .free: break
            case .open(let stream): guard stream.isClosed else { return false }
            case .dialing, .leftOver: return false
            }
            use = .dialing
            return true
        }
        guard isFree else { throw .noFreeSocket(words: "the line carries one connection at a time") }
        do throws(BearerError) {
            let stream = try await dial.connect()
            use.withLock { $0 = .open(stream) }
            return stream
        } catch {
            use.withLock { $0 = error == .interrupted ? .leftOver(dial) : .free }
            throw error
        }
    }

    /// Closes what is open or was left over; a step of the teardown where there is any.
    func takeDown(_ teardown: Teardown) async {
        switch use.withLock({ $0 }) {
        case .free, .dialing: return
        case .open(let stream):
            guard !stream.isClosed else { return }
            await teardown.step("socket", limit: .seconds(15)) { await stream.close().outcome }
        case .leftOver(let dial):
            await teardown.step("socket", limit: .seconds(15)) { await dial.closeSlot() }
        }
        use.withLock { $0 = .free }
    }
}

/// What it takes to open a socket as the line, and to close it.
struct OnlineDial: Sendable {
    let port: any CommandPort
    let dialect: any Dialect
    let endpoint: SocketEndpoint
    let context: PDPContext
    let clock: BearerClock

    var slot: Int {
        switch dialect.slots {
        case .host(let range): range.lowerBound
        case .modem: 0
        }
    }

    /// A slot that a run before this one left in use is freed once.
    func connect() async throws(BearerError) -> OnlineStream {
        do {
            return try await dial()
        } catch {
            guard error.kind == .slotBusy else { throw BearerError(error, endpoint, context) }
        }
        do {
            return try await dial()
        } catch {
            throw BearerError(error, endpoint, context)
        }
    }

    private func dial() async throws(SocketFault) -> OnlineStream {
        let operation = SocketOperation.openOnline(slot: slot, endpoint, cid: context.cid)
        guard case .online(let carriage) = dialect.carriage else {
            throw SocketFault(.parameter, words: "\(dialect.name) cannot make the line a socket")
        }
        if carriage.opensInCommandMode { try await open() }
        do throws(ATError) {
            if let exchange = try dialect.exchange(for: operation) {
                return OnlineStream(try await port.connect(exchange), self, carriage)
            }
        } catch {
            throw await fault(of: error, operation)
        }
        throw SocketFault(.parameter, words: "\(dialect.name) cannot make the line a socket")
    }

    /// Makes the connection in command mode, step by step. The slot is free again when it throws, as behind `fault`.
    private func open() async throws(SocketFault) {
        var step = 0
        while true {
            let operation = SocketOperation.open(slot: slot, endpoint, cid: context.cid, step: step)
            let answer: Exchange.Answer
            do throws(ATError) {
                guard let exchange = try dialect.exchange(for: operation) else { return }
                answer = try await port.perform(exchange)
            } catch {
                throw await fault(of: error, operation)
            }
            if case .failed(let told) = dialect.result(of: answer, to: operation) { throw await explained(told) }
            step += 1
        }
    }

    private func explained(_ told: SocketFault) async -> SocketFault {
        var fault = told
        if let question = try? dialect.exchange(for: .explain), let answer = try? await port.perform(question) {
            fault = dialect.explanation(in: answer) ?? fault
        }
        _ = await closeSlot()
        return fault
    }

    /// The slot is free again when this returns, unless the dial was cancelled.
    private func fault(of error: ATError, _ operation: SocketOperation) async -> SocketFault {
        switch error {
        case .cancelled: return SocketFault(.closedHere)
        case .unquotable: return SocketFault(.parameter, words: error.summary)
        case .refused(_, let code):
            var fault = SocketFault(.other)
            if case .failed(let told) = dialect.result(of: Exchange.Answer(result: code), to: operation) {
                fault = told
            }
            return await explained(fault)
        case .timedOut:
            _ = await closeSlot()
            return SocketFault(.timedOut)
        case .malformed, .outOfStep, .inDataMode, .silent, .queueFull, .babbling, .rebooted, .portGone:
            return SocketFault(.modem, words: error.summary)
        }
    }

    /// In command mode, or on the way back to it from a `CONNECT` that nobody wanted any more.
    func closeSlot() async -> TeardownStep.Outcome {
        var outcome = TeardownStep.Outcome.done
        var step = 0
        while let exchange = try? dialect.exchange(for: .close(slot: slot, step: step)) {
            do throws(ATError) {
                let operation = SocketOperation.close(slot: slot, step: step)
                switch dialect.result(of: try await port.perform(exchange), to: operation) {
                case .alreadyClosed: outcome = .notNeeded
                case .failed(let fault): return .failed(fault.sentence("the modem did not close the socket"))
                case .done, .allocated, .opened, .opening, .accepted, .received, .empty, .ended, .unacknowledged,
                    .limit:
                    break
                }
            } catch {
                return .failed(error.summary)
            }
            step += 1
        }
        return outcome
    }

    /// How the connection stands, asked in command mode; nil: it still stands.
    ///
    /// A dialect without such a question has lines that tell, once the line is in command mode: they are listened for.
    /// - Parameter lines: the port's unsolicited ones from before data mode was left.
    func ending(_ lines: AsyncStream<ATLine>) async -> OnlineStream.Ending? {
        let operation = SocketOperation.state(slot: slot)
        guard let question = try? dialect.exchange(for: operation) else {
            if let told = await told(lines) { return told }
            return await bearerLoss()
        }
        if let answer = try? await port.perform(question) {
            switch dialect.result(of: answer, to: operation) {
            case .opened: return nil
            case .ended: return .peerClosed
            case .done, .allocated, .opening, .accepted, .received, .empty, .unacknowledged, .limit, .alreadyClosed,
                .failed:
                break
            }
        }
        return await bearerLoss() ?? .peerClosed
    }

    /// Of a connection that the modem says is broken.
    func endingByMark() async -> OnlineStream.Ending {
        await bearerLoss() ?? .reset("the peer or the network ended it")
    }

    private func bearerLoss() async -> OnlineStream.Ending? {
        guard let status = try? await dialect.status(of: context, on: port) else {
            return .lost("the modem left data mode")
        }
        switch status {
        case .active, .activeOtherwise: return nil
        case .inactive: return .lost("the PDP context is down")
        }
    }

    private func told(_ lines: AsyncStream<ATLine>) async -> OnlineStream.Ending? {
        let limit = clock.now() + Self.hearingTime
        return await withTaskGroup(of: OnlineStream.Ending?.self) { group in
            group.addTask {
                for await line in lines {
                    if let ending = ending(toldBy: line) { return ending }
                }
                return nil
            }
            group.addTask {
                await clock.sleep(limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            let second = await group.next() ?? nil
            return first ?? second
        }
    }

    private func ending(toldBy line: ATLine) -> OnlineStream.Ending? {
        switch dialect.event(of: line) {
        case .peerClosed(let told, _) where told == nil || told == slot: .peerClosed
        case .broken(let told, let fault) where told == slot: .reset(fault.words)
        case .bearerLost(let cid, let words) where cid == nil || cid == context.cid: .lost(words)
        case .rebooted(let words): .lost("the modem restarted (\(words))")
        case .peerClosed, .broken, .bearerLost, .opened, .openFailed, .dataWaiting, .dataPushed, .writable, .blocked,
            .allAcknowledged, nil:
            nil
        }
    }

    /// How long a modem may take to say, once in command mode, what became of the connection.
    private static let hearingTime = TimeAmount.milliseconds(500)
}
