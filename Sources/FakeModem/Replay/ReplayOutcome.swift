import Scopes

/// How a replay ended.
public enum ReplayOutcome: Sendable, Equatable, CustomStringConvertible {
    /// The host went with the transcript to its last line.
    case played(lines: Int)
    /// At this line of the transcript the host did something else; each in words of one line, without secrets.
    case left(line: Int, expected: String, got: String)
    /// Somebody ended it while this line was due.
    case stopped(line: Int, expected: String)

    public var isWhole: Bool {
        switch self {
        case .played: true
        case .left, .stopped: false
        }
    }

    public var description: String {
        switch self {
        case .played(let lines): "played to the end: \(lines) lines"
        case .left(let line, let expected, let got): "left at line \(line): expected \(expected), got \(got)"
        case .stopped(let line, let expected): "stopped at line \(line): expected \(expected)"
        }
    }
}

/// How octets of either side are shown in a message of one line.
enum ReplayWords {
    private static let limit = 120
    /// Commands whose arguments may be a PIN or a password.
    private static let secretive = [
        "+CPIN", "+CLCK", "+CPWD", "+CGAUTH", "+QICSGP", "+CSTT", "+WIPBR", "^SICS", "#SGACT", "$QCPDPP", "+CPIN2",
        "+UPSD",
        "+KCNXCFG", "^AUTHDATA", "#PDPAUTH", "+QCPDPP", "+CNCFG", "+XIIC",
    ]

    /// What the host wrote; the arguments of commands that may hold a secret are left out.
    static func got(_ octets: [UInt8]) -> String {
        let isText = octets.allSatisfy { (0x20...0x7E).contains($0) }
        guard isText else { return "\(octets.count) octets" }
        let text = String(decoding: octets, as: UTF8.self)
        let upper = text.uppercased()
        if secretive.contains(where: { upper.contains($0) }), let end = text.firstIndex(of: "=") {
            return "\"\(text[...end].description.printable(limit: limit))<redacted>\""
        }
        return "\"\(text.printable(limit: limit))\""
    }

    static func expected(_ event: Transcript.Event) -> String {
        switch event {
        case .command([]): "an empty line"
        case .command(let elements): "\"\(words(elements))\""
        case .octets(let elements):
            if case .counted(let count)? = elements.first, elements.count == 1 {
                "\(count) octets"
            } else {
                "the octets \"\(words(elements))\""
            }
        case .modem: "to be read"
        case .opened: "the port opened"
        case .closed: "the port closed"
        case .lost: "nothing more"
        }
    }

    private static func words(_ elements: [Transcript.Element]) -> String {
        elements.map { element in
            switch element {
            case .literal(let octets): String(decoding: octets, as: UTF8.self)
            case .counted(let count): "(\(count) octets)"
            case .digits(let count): "<\(count) digits>"
            case .redacted: "<redacted>"
            }
        }.joined().printable(limit: limit)
    }
}
