/// A recorded dialogue on an AT line (`Fixtures/*.at`), for tests that play one of its sides.
///
/// One step a line: `> AT+CSQ` is sent by the host, `< +CSQ: 20,99` comes from the modem; `>> text` and `<< text` are raw
/// octets, written as a C string with the escapes `\r \n \t \\ \xHH`, for prompts and payload. Of a plain step the line ends
/// are implied: CR behind the host's line, CR LF around the modem's. Blank lines and lines that begin with `#` are comments.
public struct ATTranscript: Sendable, Equatable {
    public enum Step: Sendable, Equatable {
        case host([UInt8])
        case modem([UInt8])
    }

    public struct Malformed: Error, Equatable {
        /// Counted from 1.
        public let line: Int

        public init(line: Int) {
            self.line = line
        }
    }

    public var steps: [Step]

    public init(_ text: String) throws(Malformed) {
        steps = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            guard let step = Self.step(line) else { throw Malformed(line: index + 1) }
            steps.append(step)
        }
    }

    /// Every octet of the modem's side, in order.
    public var fromModem: [UInt8] {
        steps.flatMap { step -> [UInt8] in
            if case .modem(let octets) = step { octets } else { [] }
        }
    }

    private static func step(_ line: Substring) -> Step? {
        for (mark, isHost) in [(">> ", true), ("<< ", false)] where line.hasPrefix(mark) {
            guard let octets = unescaped(line.dropFirst(mark.count)) else { return nil }
            return isHost ? .host(octets) : .modem(octets)
        }
        if line.hasPrefix("> ") { return .host(Array(line.dropFirst(2).utf8) + [0x0D]) }
        if line.hasPrefix("< ") { return .modem([0x0D, 0x0A] + Array(line.dropFirst(2).utf8) + [0x0D, 0x0A]) }
        return nil
    }

    private static func unescaped(_ text: Substring) -> [UInt8]? {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "\\") else {
                octets.append(octet)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "r"): octets.append(0x0D)
            case UInt8(ascii: "n"): octets.append(0x0A)
            case UInt8(ascii: "t"): octets.append(0x09)
            case UInt8(ascii: "\\"): octets.append(0x5C)
            case UInt8(ascii: "x"):
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
                else { return nil }
                octets.append(value)
            default: return nil
            }
        }
        return octets
    }
}
