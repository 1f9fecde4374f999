import NIOCore

/// Reads fault scripts.
///
///     # a line is empty, a comment, or: at WHEN: WHAT
///     at octet 5000 up: reset
///     at command AT+QIOPEN #2: late 3s
///     at step prompt: silence
///     at time 10s: urc +QIND: "csq",3,99
extension FaultScript {
    /// Lines that a script may have.
    public static let lineLimit = 10_000

    /// How scripts are written, for `--help`.
    public static let grammar = """
        A fault script has one fault a line, `at WHEN: WHAT`; `#` begins a comment line. Each fault happens once.

        WHEN
          octet N up|down        N octets of payload were carried by sockets (up: from the host)
          line octet N up|down   N octets passed over the serial line
          command TEXT [#N]      the Nth (first) command line that begins with TEXT, such as AT+QIOPEN
          step STEP [#N]         the Nth (first) time: \(Fault.Step.allCases.map(\.rawValue).joined(separator: ", "))
          time D                 D (500ms, 3s, 2m) after the start

        WHAT the modem does
          silence [D]            takes everything, answers nothing, for D or for ever
          stop-reading [D]       takes nothing from the line
          reboot                 resets: RDY and what follows
          unplug                 the device vanishes
          babble [N]             N (65536) octets without a line end
          half-urc               a URC of which only the first half is ever sent
          urc TEXT               TEXT, as a URC
          urcs [N]               a URC in each of the next N gaps between lines, or in all
          remove-sim             the SIM is pulled out
        to the command at WHEN, or else to the next one
          late D                 it is answered D later
          error [N]              it is refused with +CME ERROR N, or with plain ERROR
          no-prompt              the prompt never comes
          prompt-then-error      the prompt comes, and the payload is answered with ERROR
          send-fail              the payload is answered with SEND FAIL
        on the serial line
          noise up|down [N]      one bit is wrong in each of the next N (1) octets
          dtr                    DTR drops while the port stays open
        the carrier
          drop-carrier           registration and contexts are lost
          pdpdeact               the network deactivates the contexts
          ppp-terminate          the network ends a PPP link in order
          no-carrier             a PPP call is over at once, also amid a frame
          stall [D]              moves nothing
          corrupt up|down [N]    one bit is wrong in each of the next N (1) octets of payload
          blackhole              connections that are opened from now on are never answered
        the servers, on all connections
          reset | close          end them
          half-close             end their sides, and still take what the host sends
          mute [D]               take everything, say nothing
          dribble [D]            what they say comes an octet at a time, each D (1ms) behind the one before

        A host that stops reading, or closes the port at some octet, is the host's own to play.
        """

    /// Reads a whole script; the error names the line, counted from 1.
    public init(parsing text: String) throws(FakeModemError) {
        var faults: [Fault] = []
        for (index, line) in Self.lines(of: text).enumerated() {
            let number = index + 1
            guard number <= Self.lineLimit else { throw .badFault(line: number, reason: "too many lines") }
            if let fault = try FaultLine(line, number).fault() { faults.append(fault) }
        }
        self.init(faults)
    }

    /// Line ends are LF or CR LF, which is one character of Swift's.
    private static func lines(of text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }
}

/// One line of a script.
private struct FaultLine {
    private static let countLimit = 1_000_000_000
    private static let babbleLimit = 10_000_000

    private let text: Substring
    private let number: Int

    init(_ text: Substring, _ number: Int) {
        self.text = text.trimmed
        self.number = number
    }

    func fault() throws(FakeModemError) -> Fault? {
        if text.isEmpty || text.first == "#" { return nil }
        guard text.hasPrefix("at ") else { throw failure("it does not begin with `at `") }
        guard let colon else {
            throw failure("there is no colon and blank between WHEN and WHAT")
        }
        let when = text[text.index(text.startIndex, offsetBy: 3)..<colon].trimmed
        return Fault(at: try trigger(when), try effect(text[text.index(after: colon)...].trimmed))
    }

    /// The first colon with a blank behind it: a command may hold others.
    private var colon: Substring.Index? {
        text.indices.first { index in
            let next = text.index(after: index)
            return text[index] == ":" && next < text.endIndex && text[next] == " "
        }
    }

    private func failure(_ reason: String) -> FakeModemError { .badFault(line: number, reason: reason) }

    // MARK: WHEN

    private func trigger(_ when: Substring) throws(FakeModemError) -> Fault.Trigger {
        let words = when.split(separator: " ")
        switch (words.first, words.count) {
        case ("octet", 3): return .octet(try count(words[1]), try direction(words[2]))
        case ("line", 4) where words[1] == "octet": return .lineOctet(try count(words[2]), try direction(words[3]))
        case ("time", 2):
            guard let time = TimeAmount(parsing: String(words[1])) else { throw failure("\(words[1]) is no duration") }
            return .time(time)
        case ("step", 2...3):
            guard let step = Fault.Step(rawValue: String(words[1])) else {
                throw failure("there is no step \(words[1])")
            }
            return .step(step, nth: try words.count == 3 ? nth(words[2]) : 1)
        case ("command", 2...):
            let hasNumber = words.count > 2 && words[words.count - 1].first == "#"
            let command = words.dropFirst().dropLast(hasNumber ? 1 : 0).joined(separator: " ")
            return .command(command, nth: try hasNumber ? nth(words[words.count - 1]) : 1)
        default: throw failure("\"\(when)\" is no WHEN")
        }
    }

    private func nth(_ word: Substring) throws(FakeModemError) -> Int {
        guard word.first == "#" else { throw failure("\"\(word)\" is no #N") }
        return try count(word.dropFirst())
    }

    private func count(_ word: Substring) throws(FakeModemError) -> Int {
        guard let count = Int(word), (1...Self.countLimit).contains(count) else {
            throw failure("\"\(word)\" is no number from 1 to \(Self.countLimit)")
        }
        return count
    }

    private func direction(_ word: Substring) throws(FakeModemError) -> Fault.Direction {
        guard let direction = Fault.Direction(rawValue: String(word)) else {
            throw failure("\"\(word)\" is neither up nor down")
        }
        return direction
    }

    // MARK: WHAT

    private func effect(_ what: Substring) throws(FakeModemError) -> Fault.Effect {
        let (word, rest) = String(what).cut(at: " ")
        let argument = rest.map { String(Substring($0).trimmed) }
        switch (word, argument) {
        case ("urc", let text?) where !text.isEmpty && text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }):
            return .urc(text)
        case ("late", let text?): return .late(try duration(text))
        case ("silence", _): return .silence(try argument.map(duration))
        case ("stop-reading", _): return .stopReading(try argument.map(duration))
        case ("stall", _): return .stall(try argument.map(duration))
        case ("mute", _): return .mute(try argument.map(duration))
        case ("dribble", _): return .dribble(try argument.map(duration) ?? .milliseconds(1))
        case ("urcs", _): return .chatter(try argument.map { text throws(FakeModemError) in try count(text[...]) })
        case ("corrupt", let text?):
            let (direction, count) = try damage(text)
            return .corrupt(direction, count)
        case ("noise", let text?):
            let (direction, count) = try damage(text)
            return .noise(direction, count)
        case ("error", _): return .error(cme: try argument.map(code))
        case ("babble", _):
            return .babble(
                min(
                    Self.babbleLimit, try argument.map { text throws(FakeModemError) in try count(text[...]) } ?? 65_536
                ))
        case (_, nil): return try simple(word)
        default: throw failure("\"\(what)\" is no WHAT")
        }
    }

    private func simple(_ word: String) throws(FakeModemError) -> Fault.Effect {
        switch word {
        case "reboot": .reboot
        case "unplug": .unplug
        case "dtr": .dropDTR
        case "no-prompt": .noPrompt
        case "prompt-then-error": .promptThenError
        case "send-fail": .sendFail
        case "drop-carrier": .dropCarrier
        case "pdpdeact": .deactivate
        case "ppp-terminate": .terminatePPP
        case "no-carrier": .hangUp
        case "half-urc": .halfURC
        case "reset": .reset
        case "close": .close
        case "blackhole": .blackhole
        case "remove-sim": .removeSIM
        case "half-close": .halfClose
        default: throw failure("\"\(word)\" is no WHAT")
        }
    }

    /// `up` or `down`, and how many octets.
    private func damage(_ text: String) throws(FakeModemError) -> (Fault.Direction, Int) {
        let (word, rest) = text.cut(at: " ")
        return (try direction(word[...]), try rest.map { text throws(FakeModemError) in try count(text[...]) } ?? 1)
    }

    private func duration(_ text: String) throws(FakeModemError) -> TimeAmount {
        guard let time = TimeAmount(parsing: text) else { throw failure("\"\(text)\" is no duration") }
        return time
    }

    private func code(_ text: String) throws(FakeModemError) -> Int {
        guard let code = Int(text), (0...999).contains(code) else { throw failure("\"\(text)\" is no CME error") }
        return code
    }
}

extension Substring {
    /// Without blanks and tabs at its ends.
    fileprivate var trimmed: Substring {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var result = drop(while: isBlank)
        while let last = result.last, isBlank(last) { result.removeLast() }
        return result
    }
}
