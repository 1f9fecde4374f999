import NIOCore

// The run of a command line: its commands one after another, one final result code for all (V.250 §5.2.1).
extension ModemMachine {
    mutating func run(_ body: [UInt8]) {
        guard let commands = CommandLineParser.parse(body) else {
            result("ERROR")
            return
        }
        let text = "AT" + String(decoding: body, as: UTF8.self)
        let effects = faults.take(command: text) + faults.takeBurdens(ofPrompt: false)
        let execution = Execution(
            token: nextToken(), remaining: commands[...], effects: effects.filter(\.concernsCommand))
        activity = .running(execution)
        for effect in effects where !effect.concernsCommand { suffer(effect) }
        schedule(execution.token, extra: execution.delay)
    }

    /// Plans the first command of those that remain.
    private mutating func schedule(_ token: Int, extra: TimeAmount = .zero) {
        guard case .running(var execution) = activity, execution.token == token else { return }
        if let command = execution.remaining.first {
            execution.isAbortable = command.name == "D" || (command.name == "+COPS" && command.form == .test)
            activity = .running(execution)
            agenda.add(.execute(token), at: now + options.latency + duration(of: command) + extra)
        } else {
            agenda.add(.execute(token), at: now + options.latency + extra)
        }
    }

    mutating func execute(_ token: Int) {
        guard case .running(var execution) = activity, execution.token == token, power == .on else { return }
        if let refusal = execution.refusal {
            return conclude(token, .refused(refusal))
        }
        guard let command = execution.remaining.popFirst() else { return finish("OK") }
        execution.isAbortable = false
        activity = .running(execution)
        let reply = answer(command, token: token)
        guard reply != .later else {
            guard case .running(var waiting) = activity, waiting.token == token else { return }
            waiting.isWaiting = true
            activity = .running(waiting)
            return
        }
        conclude(token, reply)
    }

    /// Answers the command that runs, and goes on with its line.
    mutating func conclude(_ token: Int, _ reply: Reply) {
        guard case .running(var execution) = activity, execution.token == token, power == .on else { return }
        execution.isWaiting = false
        activity = .running(execution)
        switch reply {
        case .success(let lines):
            inform(lines)
            proceed(token, execution)
        case .framed(let octets):
            gap()
            send(octets)
            proceed(token, execution)
        case .bare(let lines):
            inform(lines)
            if execution.remaining.isEmpty { activity = .idle } else { schedule(token) }
        case .refused(let refusal):
            refuse(refusal)
            activity = .idle
        case .final(let words): finish(words)
        case .prompt(let prompt): show(prompt, execution)
        case .connect(let slot): goOnline(slot)
        case .later, .nothing: break
        }
    }

    private mutating func proceed(_ token: Int, _ execution: Execution) {
        if execution.remaining.isEmpty {
            finish("OK")
        } else {
            schedule(token)
        }
    }

    mutating func finish(_ words: String) {
        result(words)
        activity = .idle
    }

    private mutating func answer(_ command: Command, token: Int) -> Reply {
        if let reply = family.answer(command, token: token, on: &self) { return reply }
        guard !options.profile.lacks.contains(command.name) else { return .refused(.plain) }
        return basicAnswer(command, token: token) ?? identityAnswer(command) ?? simAnswer(command) ?? networkAnswer(
            command)
            ?? contextAnswer(command, token: token) ?? .refused(.plain)
    }

    /// What a command takes besides the latency of all: those that ask the network.
    private func duration(of command: Command) -> TimeAmount {
        switch (command.name, command.form) {
        case ("+COPS", .test): .seconds(20)
        case ("+CGACT", .set), ("+CGATT", .set), ("D", .set), ("+CGDATA", .set): carrier.roundTrip
        default: family.asksNetwork(command) ? carrier.roundTrip : .zero
        }
    }
}

extension Execution {
    /// How much later a fault lets it be answered.
    var delay: TimeAmount {
        effects.reduce(.zero) { sum, effect in
            if case .late(let time) = effect { sum + time } else { sum }
        }
    }

    /// How a fault lets it be refused.
    var refusal: Refusal? {
        for case .error(let code) in effects { return code.map(Refusal.cme) ?? .plain }
        return nil
    }
}
