import NIOCore

// Payload behind a prompt. What it means is the family's to say.
extension ModemMachine {
    /// Shows the prompt, without a line end of its own. Unsolicited lines may follow until the first octet of payload.
    mutating func show(_ prompt: Prompt, _ execution: Execution) {
        var prompt = prompt
        let effects = execution.effects + faults.takeBurdens(ofPrompt: true)
        if effects.contains(.promptThenError) { prompt.failure = .error }
        if effects.contains(.sendFail) { prompt.failure = .sendFail }
        activity = .prompting(prompt)
        gap()
        if !effects.contains(.noPrompt), !prompt.text.isEmpty {
            send(lineEnd + Array(prompt.text.utf8))
        }
        gap()
        if let time = prompt.inputTime { agenda.add(.promptTimedOut(prompt.token), at: now + time) }
        step(.prompt)
    }

    /// Takes payload. A line feed that the host sent behind the command's CR is payload, too.
    mutating func collect(_ octets: ByteBuffer, for prompt: Prompt) {
        var prompt = prompt
        if prompt.expected == nil {
            switch octets.readableBytesView.first {
            case 0x1A: return complete(prompt)
            case 0x1B: return cancel(prompt)
            default: break
            }
        }
        if prompt.isEchoed { send(Array(octets.readableBytesView)) }
        prompt.collected.writeImmutableBuffer(octets)
        activity = .prompting(prompt)
        if prompt.collected.readableBytes >= prompt.expected ?? prompt.limit { complete(prompt) }
    }

    private mutating func cancel(_ prompt: Prompt) {
        forgetTimeout(prompt)
        finish(family.abandoned(prompt, timedOut: false, on: &self))
    }

    private mutating func complete(_ prompt: Prompt) {
        forgetTimeout(prompt)
        activity = .running(Execution(token: prompt.token, remaining: []))
        step(.sent)
        guard case .running(let execution) = activity, execution.token == prompt.token, power == .on else { return }
        agenda.add(.confirm(prompt), at: now + options.latency + execution.delay)
    }

    mutating func confirm(_ prompt: Prompt) {
        guard case .running(let execution) = activity, execution.token == prompt.token, power == .on else { return }
        if let refusal = execution.refusal { return conclude(prompt.token, .refused(refusal)) }
        conclude(prompt.token, family.confirmation(of: prompt, on: &self))
    }

    mutating func promptTimedOut(_ token: Int) {
        guard case .prompting(let prompt) = activity, prompt.token == token else { return }
        ledger.note("prompt", "timed out with \(prompt.collected.readableBytes) octets", now: now)
        finish(family.abandoned(prompt, timedOut: true, on: &self))
    }

    private mutating func forgetTimeout(_ prompt: Prompt) {
        agenda.removeAll { if case .promptTimedOut(prompt.token) = $0 { true } else { false } }
    }
}
