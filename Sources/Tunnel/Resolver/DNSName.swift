/// A domain name as DNS carries it (RFC 1035 §3.1): labels with their lengths, in lower case, with the root's zero at the end.
struct DNSName: Hashable {
    let wire: [UInt8]

    /// Octets of a whole name, and of one label.
    static let longest = 255
    private static let longestLabel = 63

    /// A host's name: letters, digits, hyphens and underscores, with or without a dot at the end. Nil for any other.
    init?(_ text: String) {
        var wire: [UInt8] = []
        var labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        for label in labels {
            guard (1...Self.longestLabel).contains(label.count) else { return nil }
            wire.append(UInt8(label.count))
            for octet in label {
                guard Self.isAllowed(octet) else { return nil }
                wire.append(Self.lowered(octet))
            }
        }
        wire.append(0)
        guard wire.count <= Self.longest else { return nil }
        self.wire = wire
    }

    /// Reads a name of a message from `position` on, and moves it behind the name. Nil when there is none, or one that is longer
    /// than a name can be. A pointer (RFC 1035 §4.1.4) must lead further back than all before it, so it cannot go round.
    init?(in message: [UInt8], at position: inout Int) {
        var wire: [UInt8] = []
        var next = position
        var lowest = position
        var behind: Int?
        while true {
            guard next < message.count else { return nil }
            let length = message[next]
            switch length & 0xC0 {
            case 0x00:
                let end = next + 1 + Int(length)
                guard end <= message.count, wire.count + 1 + Int(length) <= Self.longest else { return nil }
                wire.append(length)
                wire += message[(next + 1)..<end].map(Self.lowered)
                next = end
                guard length == 0 else { continue }
                position = behind ?? next
                self.wire = wire
                return
            case 0xC0:
                guard next + 1 < message.count else { return nil }
                let target = Int(length & 0x3F) << 8 | Int(message[next + 1])
                guard target < lowest else { return nil }
                behind = behind ?? next + 2
                lowest = target
                next = target
            default: return nil
            }
        }
    }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func lowered(_ octet: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet
    }
}
