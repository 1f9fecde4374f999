import NIOCore

/// Queries for addresses, and the answers of a recursive name server (RFC 1035 §4, RFC 3596). Not: zone transfers, EDNS (a
/// query for addresses is the shorter without, and 512 octets hold its answer), DNSSEC.
struct DNSMessage: Equatable {
    enum Content: Equatable {
        case address(IPAddress)
        case alias(DNSName)
    }

    struct Record: Equatable {
        let owner: DNSName
        let content: Content
    }

    /// What a datagram is to a question.
    enum Reading: Equatable {
        /// It has another number, or asks something else: not an answer to this question at all.
        case foreign
        case malformed
        case answer(DNSMessage)
    }

    /// 0: no error; 2: server failure; 3: the name does not exist; 5: refused.
    let responseCode: UInt8
    let isTruncated: Bool
    /// The answer section's addresses of the question's family, and aliases.
    let records: [Record]

    /// Octets of a datagram that are read, at most: more than any answer without EDNS may have.
    static let largest = 4_096

    private static let header = 12

    static func query(_ name: DNSName, _ family: IPAddress.Family, identifier: UInt16) -> ByteBuffer {
        var buffer = ByteBuffer()
        // RD, one question, no records.
        buffer.writeMultipleIntegers(identifier, UInt16(0x0100), UInt16(1), UInt16(0), UInt16(0), UInt16(0))
        buffer.writeBytes(name.wire)
        buffer.writeMultipleIntegers(family.recordType, Self.internet)
        return buffer
    }

    static func read(
        _ octets: [UInt8], asked name: DNSName, _ family: IPAddress.Family, identifier: UInt16
    ) -> Reading {
        guard octets.count >= header, integer(octets, at: 0) == identifier else { return .foreign }
        // QR set, opcode 0, and the very question.
        guard octets[2] & 0xF8 == 0x80, integer(octets, at: 4) == 1 else { return .foreign }
        var position = header
        guard let asked = DNSName(in: octets, at: &position), asked == name,
            integer(octets, at: position) == family.recordType, integer(octets, at: position + 2) == internet
        else { return .foreign }
        position += 4
        var records: [Record] = []
        let isTruncated = octets[2] & 0x02 != 0
        for _ in 0..<(integer(octets, at: 6) ?? 0) where !isTruncated {
            guard readRecord(octets, &position, family, &records) else { return .malformed }
        }
        return .answer(DNSMessage(responseCode: octets[3] & 0x0F, isTruncated: isTruncated, records: records))
    }

    /// False when it is none. Each takes 11 octets at least, so the message's length bounds their number.
    private static func readRecord(
        _ octets: [UInt8], _ position: inout Int, _ family: IPAddress.Family, _ records: inout [Record]
    ) -> Bool {
        guard let owner = DNSName(in: octets, at: &position), let type = integer(octets, at: position),
            let recordClass = integer(octets, at: position + 2), let length = integer(octets, at: position + 8)
        else { return false }
        let start = position + 10
        let end = start + Int(length)
        guard end <= octets.count else { return false }
        position = end
        guard recordClass == internet else { return true }
        switch type {
        case family.recordType:
            guard let address = IPAddress(octets: octets[start..<end]), address.family == family else { return false }
            records.append(Record(owner: owner, content: .address(address)))
        case alias:
            var inner = start
            guard let target = DNSName(in: octets, at: &inner), inner == end else { return false }
            records.append(Record(owner: owner, content: .alias(target)))
        default: break
        }
        return true
    }

    /// The addresses of the name, through its aliases. Nil when the aliases go round, or are more than a server follows.
    func addresses(of name: DNSName) -> [IPAddress]? {
        var owner = name
        for _ in 0..<Self.mostAliases {
            var found: [IPAddress] = []
            var next: DNSName?
            for record in records where record.owner == owner {
                switch record.content {
                case .address(let address): if !found.contains(address) { found.append(address) }
                case .alias(let target): next = target
                }
            }
            guard found.isEmpty, let next else { return found }
            owner = next
        }
        return nil
    }

    private static let mostAliases = 16
    private static let internet: UInt16 = 1
    private static let alias: UInt16 = 5

    private static func integer(_ octets: [UInt8], at index: Int) -> UInt16? {
        guard index >= 0, index + 2 <= octets.count else { return nil }
        return UInt16(octets[index]) << 8 | UInt16(octets[index + 1])
    }
}

extension IPAddress.Family {
    /// A or AAAA.
    fileprivate var recordType: UInt16 {
        switch self {
        case .v4: 1
        case .v6: 28
        }
    }
}
