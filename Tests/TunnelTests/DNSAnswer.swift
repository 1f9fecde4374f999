/// Answers of a name server, built from RFC 1035 §4 and RFC 3596 §2.
struct DNSAnswer {
    enum Record {
        case a(String, [UInt8])
        case aaaa(String, [UInt8])
        case cname(String, String)
        /// Owner, type and data as they are.
        case raw([UInt8], UInt16, [UInt8])
    }

    var identifier: UInt16
    var flags: UInt16 = 0x8180  // QR, RD, RA
    var question: [UInt8]
    var records: [Record] = []

    /// To a query: with its number and its question.
    init(to query: [UInt8], _ records: [Record] = [], code: UInt16 = 0, truncated: Bool = false) {
        identifier = UInt16(query[0]) << 8 | UInt16(query[1])
        question = Array(query.dropFirst(12))
        flags |= code | (truncated ? 0x0200 : 0)
        self.records = records
    }

    var octets: [UInt8] {
        var octets = [identifier, flags, 1, UInt16(records.count), 0, 0].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        octets += question
        for record in records {
            switch record {
            case .a(let owner, let address): octets += Self.record(Self.name(owner), 1, address)
            case .aaaa(let owner, let address): octets += Self.record(Self.name(owner), 28, address)
            case .cname(let owner, let target): octets += Self.record(Self.name(owner), 5, Self.name(target))
            case .raw(let owner, let type, let data): octets += Self.record(owner, type, data)
            }
        }
        return octets
    }

    private static func record(_ owner: [UInt8], _ type: UInt16, _ data: [UInt8]) -> [UInt8] {
        owner + [UInt8(type >> 8), UInt8(type & 0xFF), 0, 1, 0, 0, 0x0E, 0x10]
            + [UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
    }

    static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    /// A pointer to the question's name.
    static let pointer: [UInt8] = [0xC0, 12]

    /// The type that a query asks for: 1 or 28.
    static func type(of query: [UInt8]) -> UInt8 { query[query.count - 3] }
}
