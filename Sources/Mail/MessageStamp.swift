/// What makes a message this one and no other. Chosen once, when the message is accepted: a second attempt uses the same
/// stamp, and so sends the same octets under the same Message-ID.
public struct MessageStamp: Sendable, Hashable {
    /// nil while the clock is not trusted: the message then has no Date field, and the server adds one (RFC 6409 §8.1).
    public let date: MessageDate?
    let random: [UInt8]

    /// - Parameter random: 16 octets or more from a good source; Message-ID and boundaries are made of them.
    public init(date: MessageDate?, random: [UInt8]) {
        precondition(random.count >= 16, "a message stamp needs 16 random octets")
        self.date = date
        self.random = random
    }

    /// `<random@domain>`. The right-hand side is the From address's domain, or `modemail.invalid` where that is a literal or
    /// a name without a dot such as `localhost`, which would not be unique.
    func messageID(from: MailAddress) -> String {
        let isUnique = !from.isLiteral && from.domain.contains(".") && !from.domain.lowercased().hasPrefix("localhost.")
        return "<\(Self.text(random.prefix(16)))@\(isUnique ? from.domain.lowercased() : "modemail.invalid")>"
    }

    /// A boundary that quoted-printable and base64 cannot hold, since `=_` is in neither; `number` tells nested ones apart.
    func boundary(_ number: Int) -> String {
        "=_\(Self.text(random.prefix(9)))\(number)"
    }

    /// Base 32 in small letters, 8 characters for 5 octets.
    private static func text(_ octets: some Sequence<UInt8>) -> String {
        let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        var result: [UInt8] = []
        var bits = 0
        var held = 0
        for octet in octets {
            held = (held << 8 | Int(octet)) & 0xFFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                result.append(digits[(held >> bits) & 31])
            }
        }
        if bits > 0 { result.append(digits[(held << (5 - bits)) & 31]) }
        return String(decoding: result, as: UTF8.self)
    }
}
