import Scopes

/// A server's reply: one code, one or more lines of text (RFC 5321 §4.2).
public struct Reply: Sendable, Equatable, CustomStringConvertible {
    /// What the first digit says; a client that does not know a code acts on this alone (RFC 5321 §4.3.2).
    public enum Severity: Int, Sendable, Equatable {
        case completion = 2
        case intermediate = 3
        case transient = 4
        case permanent = 5
    }

    /// 200 to 599.
    public let code: Int
    /// The text of each line without code, separator and line end. As the server wrote it: for a terminal use `text`.
    public let lines: [String]

    public init(code: Int, lines: [String]) {
        precondition((200...599).contains(code), "a reply code begins with 2, 3, 4 or 5")
        self.code = code
        self.lines = lines
    }

    public init(_ code: Int, _ line: String) {
        self.init(code: code, lines: [line])
    }

    public var severity: Severity {
        switch code / 100 {
        case 2: .completion
        case 3: .intermediate
        case 4: .transient
        default: .permanent
        }
    }

    public var isPositive: Bool { severity == .completion }

    /// Whether the code is the positive one of another step: then replies and commands have lost each other.
    func isOutOfStep(at step: SMTPStep) -> Bool {
        switch code {
        case 220: step != .greeting && step != .startTLS
        case 221: step != .quit
        case 235: step != .auth
        default: false
        }
    }

    /// The enhanced status code at the head of the text, when there is one of the reply's own class (RFC 2034 §4).
    public var enhanced: EnhancedStatusCode? {
        guard let word = lines.first?.split(separator: " ", maxSplits: 1).first,
            let status = EnhancedStatusCode(word), status.class == code / 100
        else { return nil }
        return status
    }

    /// The server's words in one printable line, without codes.
    public var text: String {
        let prefix = enhanced.map { "\($0)" }
        let words = lines.map { line -> Substring in
            guard let prefix, line.hasPrefix(prefix) else { return Substring(line) }
            return line.dropFirst(prefix.count).drop { $0 == " " }
        }
        return words.filter { !$0.isEmpty }.joined(separator: " ").printable()
    }

    /// Code, enhanced status code and words in one printable line.
    public var description: String {
        [String(code), enhanced.map { "\($0)" }, text].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// The three numbers of RFC 3463 §2: class, subject, detail.
public struct EnhancedStatusCode: Sendable, Equatable, CustomStringConvertible {
    /// 2, 4 or 5.
    public let `class`: Int
    /// 0 to 999.
    public let subject: Int
    /// 0 to 999.
    public let detail: Int

    public init?(class: Int, subject: Int, detail: Int) {
        guard [2, 4, 5].contains(`class`), (0...999).contains(subject), (0...999).contains(detail) else { return nil }
        self.class = `class`
        self.subject = subject
        self.detail = detail
    }

    /// "5.1.1"; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
            (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
        }
        guard numbers.count == 3, let first = numbers[0], let second = numbers[1], let third = numbers[2] else {
            return nil
        }
        self.init(class: first, subject: second, detail: third)
    }

    public var description: String { "\(`class`).\(subject).\(detail)" }
}
