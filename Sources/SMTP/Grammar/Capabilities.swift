/// What a server's reply to EHLO offers (RFC 5321 §4.1.1.1). Keywords in any case; unknown ones are kept and mean nothing.
public struct Capabilities: Sendable, Equatable {
    /// Keyword in capitals, with its parameters as they were written. `AUTH=X` of old servers counts as `AUTH X`.
    public private(set) var keywords: [String: [String]] = [:]

    /// Nothing offered: after HELO.
    public init() {}

    /// From the reply to EHLO; its first line is the server's name and greeting.
    public init(_ reply: Reply) {
        for line in reply.lines.dropFirst() {
            var words = line.split(separator: " ").map(String.init)
            guard let first = words.first else { continue }
            words.removeFirst()
            var keyword = first.uppercased()
            if keyword.hasPrefix("AUTH=") {
                words.insert(String(first.dropFirst(5)), at: 0)
                keyword = "AUTH"
            }
            keywords[keyword, default: []] += words
        }
    }

    public var pipelining: Bool { keywords["PIPELINING"] != nil }  // RFC 2920
    public var chunking: Bool { keywords["CHUNKING"] != nil }  // RFC 3030
    public var eightBitMIME: Bool { keywords["8BITMIME"] != nil }  // RFC 6152
    public var enhancedStatusCodes: Bool { keywords["ENHANCEDSTATUSCODES"] != nil }  // RFC 2034
    public var startTLS: Bool { keywords["STARTTLS"] != nil }  // RFC 3207
    public var smtpUTF8: Bool { keywords["SMTPUTF8"] != nil }  // RFC 6531
    public var dsn: Bool { keywords["DSN"] != nil }  // RFC 3461
    public var size: Bool { keywords["SIZE"] != nil }  // RFC 1870

    /// The largest message in octets; nil when none is declared (0 declares none either, RFC 1870 §4).
    public var sizeLimit: Int? {
        guard let word = keywords["SIZE"]?.first, word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let limit = Int(word) ?? Int.max
        return limit == 0 ? nil : limit
    }

    /// SASL mechanisms in capitals, in the server's order.
    public var authMechanisms: [String] { (keywords["AUTH"] ?? []).map { $0.uppercased() } }

    /// `RCPTMAX` of LIMITS (RFC 9422 §4.2): recipients in one transaction.
    public var recipientLimit: Int? { limit("RCPTMAX") }

    /// `MAILMAX` of LIMITS (RFC 9422 §4.1): transactions in one session.
    public var transactionLimit: Int? { limit("MAILMAX") }

    /// `RCPTDOMAINMAX` of LIMITS (RFC 9422 §4.3): different domains of recipients in one session.
    public var domainLimit: Int? { limit("RCPTDOMAINMAX") }

    private func limit(_ name: String) -> Int? {
        for word in keywords["LIMITS"] ?? [] {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0].uppercased() == name, let value = Int(parts[1]), value > 0 { return value }
        }
        return nil
    }
}
