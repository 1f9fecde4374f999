import NIOCore
import Scopes

extension Transcript {
    /// Reads a whole transcript; the error names the line, counted from 1.
    public init(parsing text: String) throws(FakeModemError) {
        var steps: [Step] = []
        var number = 0
        for line in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            guard line.count <= Self.lineLimit else {
                throw .badTranscript(line: number, reason: "it has more than \(Self.lineLimit) octets")
            }
            guard let step = try TranscriptLine(line, number).step() else { continue }
            guard steps.count < Self.stepLimit else {
                throw .badTranscript(line: number, reason: "more than \(Self.stepLimit) steps")
            }
            steps.append(step)
        }
        guard !steps.isEmpty else { throw .badTranscript(line: 1, reason: "it has no step") }
        self.init(steps)
        learnRegisters()
    }

    /// Takes questions for registers out, with their answers: the host chooses them anew in each run.
    private mutating func learnRegisters() {
        var kept: [Step] = []
        var rest = steps[...]
        while let step = rest.first {
            if let question = RegisterRow(step.event), let answer = question.answer(in: rest.dropFirst()) {
                for (register, value) in zip(question.registers, answer.values) { registers[register] = value }
                kept += answer.others
                rest = rest.dropFirst(answer.length + 1)
            } else {
                kept.append(step)
                rest = rest.dropFirst()
            }
        }
        steps = kept
    }
}

/// `ATS3?S4?S5?`: a question for several S-registers in one command line.
struct RegisterRow {
    let registers: [Int]

    init?(_ event: Transcript.Event) {
        guard case .command(let elements) = event, elements.count == 1, case .literal(let octets)? = elements.first
        else { return nil }
        self.init(octets)
    }

    /// - Parameter line: without its CR.
    init?(_ line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self).uppercased()
        guard text.hasPrefix("ATS"), text.hasSuffix("?") else { return nil }
        var registers: [Int] = []
        for part in text.dropFirst(2).dropLast().split(separator: "?", omittingEmptySubsequences: false) {
            let digits = part.utf8.dropFirst()
            guard part.first == "S", digits.count <= 3, digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(part.dropFirst())
            else { return nil }
            registers.append(number)
        }
        guard registers.count > 1 else { return nil }
        self.registers = registers
    }

    struct Answer {
        var values: [Int] = []
        /// What came between.
        var others: [Transcript.Step] = []
        /// Steps, all told.
        var length = 0
    }

    /// Its answer among the steps behind it; nil when it was not answered value by value and with `OK`.
    func answer(in steps: ArraySlice<Transcript.Step>) -> Answer? {
        var answer = Answer()
        for step in steps {
            guard case .modem(let elements) = step.event else { return nil }
            answer.length += 1
            guard elements.count == 1, case .literal(let octets)? = elements.first else { return nil }
            let line = String(decoding: octets.filter { $0 >= 0x20 }, as: UTF8.self)
            if line == "OK" { return answer.values.count == registers.count ? answer : nil }
            let words = line.split(separator: " ")
            let values = words.compactMap { $0.utf8.count <= 3 ? Int($0) : nil }
            if !words.isEmpty, values.count == words.count {
                answer.values += values
            } else if line == "ERROR" || line.hasPrefix("+CME ERROR") {
                return nil
            } else {
                answer.others.append(step)
            }
        }
        return nil
    }
}

/// One line of a transcript.
private struct TranscriptLine {
    private let octets: [UInt8]
    private let number: Int

    init(_ line: Substring.UTF8View, _ number: Int) {
        self.number = number
        octets = line.last == 0x0D ? Array(line.dropLast()) : Array(line)
    }

    func step() throws(FakeModemError) -> Transcript.Step? {
        if octets.isEmpty || octets.first == UInt8(ascii: "#") || octets.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
            return nil
        }
        var rest = octets[...]
        let time = try takeTime(&rest)
        guard let event = try event(rest) else {
            throw failure("it begins with none of `>`, `<`, `>>`, `<<`, `=` and a blank")
        }
        return Transcript.Step(line: number, time: time, event)
    }

    private func failure(_ reason: String) -> FakeModemError { .badTranscript(line: number, reason: reason) }

    /// `+12.345 `.
    private func takeTime(_ rest: inout ArraySlice<UInt8>) throws(FakeModemError) -> TimeAmount? {
        guard rest.first == UInt8(ascii: "+") else { return nil }
        let word = rest.dropFirst().prefix { $0 != 0x20 }
        let parts = String(decoding: word, as: UTF8.self).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 3, parts[0].utf8.count <= 8, let seconds = Int64(parts[0]),
            let milliseconds = Int64(parts[1]), seconds >= 0, milliseconds >= 0
        else { throw failure("its time is not written +SECONDS.mmm") }
        rest = rest.dropFirst(word.count + 1).drop { $0 == 0x20 }
        return .milliseconds(seconds * 1_000 + milliseconds)
    }

    private func event(_ rest: ArraySlice<UInt8>) throws(FakeModemError) -> Transcript.Event? {
        let mark = rest.prefix { $0 != 0x20 }
        let text = rest.dropFirst(mark.count + 1)
        switch String(decoding: mark, as: UTF8.self) {
        case ">": return try host(line: text)
        case "<": return try modem(line: text)
        case ">>": return try host(octets: text)
        case "<<": return try modem(octets: text)
        case "=": return try change(String(decoding: text, as: UTF8.self))
        default: return nil
        }
    }

    private func change(_ word: String) throws(FakeModemError) -> Transcript.Event {
        switch word {
        case "opened": .opened
        case "closed": .closed
        case "lost": .lost
        default: throw failure("= \(word.printable(limit: 40)) is none of opened, closed, lost")
        }
    }

    // MARK: lines

    private func host(line: ArraySlice<UInt8>) throws(FakeModemError) -> Transcript.Event {
        switch String(decoding: line, as: UTF8.self) {
        case "+++": return .octets([.literal(Array(line))])
        case "<CR>": return .command([])
        case "<ESC>": return .octets([.literal([0x1B])])
        case "<CLD>": return .octets([.literal(Self.closeDown)])
        default: break
        }
        if let count = try TranscriptText.count(line, failure) { return .octets([.counted(count)]) }
        return .command(try TranscriptText(line, names: .redactions, failure: failure).elements)
    }

    /// The multiplexer close-down of 3GPP TS 27.010 §5.4.6.3.3 on DLCI 0.
    private static let closeDown: [UInt8] = [0xF9, 0x03, 0xEF, 0x05, 0xC3, 0x01, 0xF2, 0xF9]
    private static let lineEnd: [UInt8] = [0x0D, 0x0A]

    private func modem(line: ArraySlice<UInt8>) throws(FakeModemError) -> Transcript.Event {
        switch String(decoding: line, as: UTF8.self) {
        case ">": return .modem([.literal(Self.lineEnd + Array("> ".utf8))])
        case "@": return .modem([.literal(Self.lineEnd + [UInt8(ascii: "@")])])
        default: break
        }
        if let count = try TranscriptText.count(line, failure) { return .modem([.counted(count)]) }
        var text = line
        var payload: [Transcript.Element] = []
        if line.last == UInt8(ascii: ")"), let start = line.lastIndex(of: UInt8(ascii: "(")),
            start > line.startIndex, line[start - 1] == 0x20,
            let count = try TranscriptText.count(line[start...], failure)
        {
            text = line[..<(start - 1)]
            payload = [.counted(count), .literal(Self.lineEnd)]
        }
        return .modem(framed(try TranscriptText(text, names: .redactions, failure: failure).elements) + payload)
    }

    private func framed(_ elements: [Transcript.Element]) -> [Transcript.Element] {
        TranscriptText.joined([.literal(Self.lineEnd)] + elements + [.literal(Self.lineEnd)])
    }

    // MARK: octets

    private func host(octets: ArraySlice<UInt8>) throws(FakeModemError) -> Transcript.Event {
        let text = try TranscriptText(octets, names: .all, failure: failure)
        var elements = text.elements
        guard !elements.isEmpty else { throw failure("there is nothing behind >>") }
        if case .literal(var last)? = elements.last, last.last == 0x0D, !last.dropLast().contains(0x0D) {
            last.removeLast()
            elements.removeLast()
            return .command(last.isEmpty ? elements : elements + [.literal(last)])
        }
        if !text.hasLineEnd, case .literal(let first)? = elements.first,
            String(decoding: first.prefix(2), as: UTF8.self).uppercased() == "AT"
        {
            return .command(elements)
        }
        return .octets(elements)
    }

    private func modem(octets: ArraySlice<UInt8>) throws(FakeModemError) -> Transcript.Event {
        let text = try TranscriptText(octets, names: .all, failure: failure)
        return .modem(text.hasLineEnd ? text.elements : framed(text.elements))
    }
}

/// The text of a step, with the names in angle brackets and the counts in it.
private struct TranscriptText {
    enum Names {
        /// `<redacted>`, `<15 digits>`.
        case redactions
        /// These, the names of octets, and `(4 octets)`.
        case all
    }

    private(set) var elements: [Transcript.Element] = []
    private(set) var hasLineEnd = false

    init(
        _ text: ArraySlice<UInt8>, names: Names, failure: (String) -> FakeModemError
    ) throws(FakeModemError) {
        var rest = text
        var literal: [UInt8] = []
        while let octet = rest.first {
            if octet == UInt8(ascii: "<"), let (element, length) = Self.name(rest, names) {
                hasLineEnd = hasLineEnd || element == .literal([0x0D]) || element == .literal([0x0A])
                elements += literal.isEmpty ? [element] : [.literal(literal), element]
                literal = []
                rest = rest.dropFirst(length)
            } else if case .all = names, octet == UInt8(ascii: "("), let end = rest.firstIndex(of: UInt8(ascii: ")")),
                let count = try Self.count(rest[...end], failure)
            {
                elements += literal.isEmpty ? [.counted(count)] : [.literal(literal), .counted(count)]
                literal = []
                rest = rest[(end + 1)...]
            } else {
                literal.append(octet)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty { elements.append(.literal(literal)) }
        elements = Self.joined(elements)
    }

    /// With literals that stand behind each other as one.
    static func joined(_ elements: [Transcript.Element]) -> [Transcript.Element] {
        elements.reduce(into: []) { result, element in
            if case .literal(let more) = element, case .literal(let before)? = result.last {
                result[result.count - 1] = .literal(before + more)
            } else {
                result.append(element)
            }
        }
    }

    /// `<CR>` and the others at the start of the text, with their length; any other text in brackets is what it is.
    private static func name(_ text: ArraySlice<UInt8>, _ names: Names) -> (Transcript.Element, Int)? {
        guard let end = text.prefix(16).firstIndex(of: UInt8(ascii: ">")) else { return nil }
        let length = end - text.startIndex + 1
        let word = String(decoding: text[(text.startIndex + 1)..<end], as: UTF8.self)
        if word == "redacted" { return (.redacted, length) }
        if word.hasSuffix(" digits"), let count = Int(word.dropLast(7)), (1...99).contains(count) {
            return (.digits(count), length)
        }
        guard case .all = names else { return nil }
        let octet: UInt8? =
            switch word {
            case "CR": 0x0D
            case "LF": 0x0A
            case "ESC": 0x1B
            case "^Z", "SUB": 0x1A
            case "TAB": 0x09
            case _ where word.utf8.count == 2 && word.allSatisfy(\.isHexDigit): UInt8(word, radix: 16)
            case _: nil
            }
        return octet.map { (.literal([$0]), length) }
    }

    /// The number of `(4 octets)`, nil when the text is nothing of the kind.
    static func count(
        _ text: ArraySlice<UInt8>, _ failure: (String) -> FakeModemError
    ) throws(FakeModemError) -> Int? {
        let words = String(decoding: text, as: UTF8.self)
        guard words.hasPrefix("("), words.hasSuffix(" octets)") || words.hasSuffix(" octet)") else { return nil }
        let digits = words.dropFirst().prefix { $0 != " " }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard let count = Int(digits), (0...Transcript.payloadLimit).contains(count) else {
            throw failure("more than \(Transcript.payloadLimit) octets at once")
        }
        return count
    }
}
