import AT
import Modem
import NIOCore
import Scopes

/// Dials the modem for PPP in the forms of its profile, and tells a refusal in the network's words.
struct PPPDialler: Sendable {
    let port: any DialPort
    let dial: PPPDial
    let keeper: ContextKeeper?
    let clock: BearerClock

    /// A refused context is tried once more with the PDP type that the network asks for.
    /// - Parameter makeHandlers: makes what gets the octets behind `CONNECT`, for each form anew.
    func connect(
        _ context: PDPContext, makeHandlers: @escaping @Sendable () -> [any ChannelHandler]
    ) async throws(BearerError) -> any DataModeLine {
        do {
            return try await attempt(context, makeHandlers)
        } catch .contextRefused(let refusal) {
            guard let adapted = try await adapted(context, after: refusal) else { throw .contextRefused(refusal) }
            return try await attempt(adapted, makeHandlers)
        }
    }

    private func attempt(
        _ context: PDPContext, _ makeHandlers: @escaping @Sendable () -> [any ChannelHandler]
    ) async throws(BearerError) -> any DataModeLine {
        try await prepare()
        var refusals: [(command: String, code: FinalResultCode)] = []
        for form in dial.forms {
            do throws(ATError) {
                return try await port.dial(dial.exchange(form, cid: context.cid), makeHandlers: makeHandlers)
            } catch .refused(let command, let code) {
                refusals.append((command, code))
                guard PPPDial.isUnknownForm(code) else { break }
            } catch {
                throw error == .cancelled ? .interrupted : .modem(error)
            }
        }
        throw await refusal(of: context, refusals)
    }

    private func prepare() async throws(BearerError) {
        for command in dial.preparations {
            do throws(ATError) {
                _ = try await port.perform(Exchange(command))
            } catch {
                throw error == .cancelled ? .interrupted : .modem(error)
            }
        }
        if dial.pause > .zero { await clock.sleep(clock.now() + dial.pause) }
    }

    /// Where no answer was more than "I do not know that", and the network gives no cause, the modem has no PPP on this port.
    private func refusal(
        of context: PDPContext, _ refusals: [(command: String, code: FinalResultCode)]
    ) async -> BearerError {
        guard let last = refusals.last else { return .pppNotCarried(words: "it knows no way to dial") }
        let answers = refusals.map { "\($0.code) to \($0.command)" }.joined(separator: ", ")
        let error: ModemError
        if let keeper {
            error = await keeper.refusal(of: context, code: last.code)
        } else {
            error = .contextRefused(apn: context.apn, cause: nil, words: answers)
        }
        guard case .contextRefused(_, nil, _) = error, PPPDial.isUnknownForm(last.code) else {
            return .contextRefused(error)
        }
        return .pppNotCarried(words: "it answered \(answers)")
    }

    private func adapted(
        _ context: PDPContext, after refusal: ModemError
    ) async throws(BearerError) -> PDPContext? {
        do {
            return try await keeper?.adapted(context, after: refusal)
        } catch {
            throw .contextRefused(error)
        }
    }
}
