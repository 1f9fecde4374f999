import AT
import Modem
import NIOCore
import Scopes

/// Takes a PPP line back to command mode: LCP Terminate, then what the modem says of it, then DTR, then the guarded escape, then
/// `ATH`; each only where the one before did not do, each within a limit, each a step of the teardown.
struct PPPHangUp: Sendable {
    let session: PPPSession
    let port: any CommandPort
    /// Sets DTR; false where the line has none. nil: none is known.
    let setDTR: (@Sendable (Bool) async throws -> Bool)?
    let clock: BearerClock

    func run(_ line: any DataModeLine, _ teardown: Teardown) async {
        await teardown.step("lcp terminate", limit: .seconds(8)) { try await terminate() }
        if session.words.value == nil, let setDTR {
            await teardown.step("dtr drop", limit: .seconds(4)) { try await dropDTR(setDTR) }
        }
        let step = await leave(line, teardown)
        guard step, session.words.value != "NO CARRIER" else { return }
        await teardown.step("hang up", limit: .seconds(10)) { try await hangUp() }
    }

    /// A dial that was given up may have been answered: the engine leaves that data mode, and the call has to end.
    func runBehindLostDial(_ teardown: Teardown) async {
        await teardown.step("hang up", limit: .seconds(12)) { try await hangUp() }
    }

    /// The peer that asked to end, or acknowledged it, makes its modem hang up.
    private func terminate() async throws -> TeardownStep.Outcome {
        if session.words.value != nil { return .notNeeded }
        if case .lineLost? = session.ending.value { return .notNeeded }
        let wasEnded = session.linkEnd.value != nil
        if !wasEnded { session.close() }
        guard let end = await session.linkEnd.wait(atMost: Self.terminationTime, clock: clock) else {
            return .failed("the peer did not answer")
        }
        // The modem takes the context down before it says so; where no peer was there, it says nothing.
        if end.hasPeer { _ = await session.words.wait(atMost: Self.carrierTime, clock: clock) }
        return wasEnded ? .notNeeded : .done
    }

    /// `&D2` hangs up, `&D1` leaves data mode, `&D0` does nothing (V.250 §6.1.3 leaves it to makers).
    private func dropDTR(_ setDTR: @Sendable (Bool) async throws -> Bool) async throws -> TeardownStep.Outcome {
        guard try await setDTR(false) else { return .notNeeded }
        let words = await session.words.wait(atMost: Self.dropTime, clock: clock)
        _ = try await setDTR(true)
        return words == nil ? .notNeeded : .done
    }

    /// Whether the line is in command mode.
    private func leave(_ line: any DataModeLine, _ teardown: Teardown) async -> Bool {
        let session = session
        let left = OneShot<Bool>()
        await teardown.step("data mode left", limit: .seconds(20)) {
            let step = session.words.value == nil ? await line.leave() : await line.markLeft()
            left.fulfil(step.isClean)
            return step.outcome
        }
        return left.value == true
    }

    private func hangUp() async throws -> TeardownStep.Outcome {
        let answer = try await port.perform(Exchange(CommandText("ATH"), timeout: .seconds(10)))
        return switch answer.result {
        case .ok, .noCarrier: .done
        case .error, .cme, .cms, .connect, .busy, .noAnswer, .noDialtone, .vendor:
            .failed("the modem answered \(answer.result)")
        }
    }

    private static let terminationTime = TimeAmount.seconds(3)
    private static let carrierTime = TimeAmount.seconds(3)
    private static let dropTime = TimeAmount.milliseconds(1_200)
}
