public import NIOCore

/// Something that a host opens and has to close again.
public enum LedgerResource: Hashable, Sendable {
    /// The pty's slave, while any host has it open. It has no modem lines: the last close is the drop of DTR.
    case port
    /// A context that the host activated (`+QIACT`, `+CGACT`), by its identifier.
    case bearer(Int)
    /// A socket number from the command that took it until it can be taken again, also when it never connected.
    case socket(Int)
    /// The line between `CONNECT` and command mode.
    case dataMode
    /// What a family's host brings up below a bearer, by name: `stack`, `device`.
    case layer(String)

    /// Its name in the ledger's lines.
    public var kind: String {
        switch self {
        case .port: "port"
        case .bearer: "bearer"
        case .socket: "socket"
        case .dataMode: "data"
        case .layer(let name): name
        }
    }

    var id: Int? {
        switch self {
        case .port, .dataMode, .layer: nil
        case .bearer(let id), .socket(let id): id
        }
    }
}

/// What was opened, and what of it is still open.
public struct Balance: Sendable, Equatable {
    /// How many were opened, by kind.
    public internal(set) var opened: [String: Int] = ["port": 0, "bearer": 0, "socket": 0, "data": 0]
    /// How many of each are open.
    public internal(set) var open: [LedgerResource: Int] = [:]

    public var isBalanced: Bool { open.isEmpty }
}

/// One line of the ledger.
public struct LedgerEntry: Sendable, Equatable {
    public enum Event: Sendable, Equatable {
        case opened(LedgerResource)
        case closed(LedgerResource)
        /// Everything that had been opened is closed: the state between two mails.
        case balanced(Balance)
        /// Something that happened and needs no counterpart: `dtr`, `early`, `connect`, `refused`, `boot`, `fault`, `peer`.
        case note(String)
        /// The last line.
        case end(Balance)
    }

    /// Since the start of the fake, in virtual time.
    public let time: TimeAmount
    public let event: Event
    /// Words for a reader: an address, a reason. No payload, no secret.
    public let detail: String

    /// The line, without its end.
    public var json: String {
        let seconds =
            "\(time.nanoseconds / 1_000_000_000).\(String(1_000 + time.nanoseconds / 1_000_000 % 1_000).dropFirst())"
        var fields = ["\"t\":\(seconds)"]
        switch event {
        case .opened(let resource): fields += ["\"event\":\"opened\""] + Self.fields(of: resource)
        case .closed(let resource): fields += ["\"event\":\"closed\""] + Self.fields(of: resource)
        case .balanced(let balance): fields += ["\"event\":\"balanced\"", Self.opened(balance)]
        case .note(let name): fields.append("\"event\":\(Self.quoted(name))")
        case .end(let balance):
            let open = balance.open.map { "\(Self.quoted(Self.name(of: $0.key, count: $0.value)))" }.sorted()
            fields = ["\"balanced\":\(balance.isBalanced)"] + fields
            fields += [Self.opened(balance), "\"open\":[\(open.joined(separator: ","))]"]
        }
        if !detail.isEmpty { fields.append("\"detail\":\(Self.quoted(detail))") }
        return "{\(fields.joined(separator: ","))}"
    }

    private static func fields(of resource: LedgerResource) -> [String] {
        ["\"what\":\"\(resource.kind)\""] + (resource.id.map { ["\"id\":\($0)"] } ?? [])
    }

    private static func name(of resource: LedgerResource, count: Int) -> String {
        let name = resource.id.map { "\(resource.kind) \($0)" } ?? resource.kind
        return count > 1 ? "\(name) (\(count))" : name
    }

    private static func opened(_ balance: Balance) -> String {
        let counts = ["port", "bearer", "socket", "data"].map { "\"\($0)\":\(balance.opened[$0] ?? 0)" }
        return "\"opened\":{\(counts.joined(separator: ","))}"
    }

    /// A JSON string (RFC 8259 §7).
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                result += "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst()
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
