/// One piece of the carrier's internet: a name (or address) and port, and where on this host they lead.
public struct Route: Sendable, Equatable {
    public let host: String
    public let port: Int
    /// An IPv4 or IPv6 literal.
    public let address: String
    public let targetPort: Int

    public init(host: String, port: Int, address: String, targetPort: Int) {
        self.host = host
        self.port = port
        self.address = address
        self.targetPort = targetPort
    }

    /// Reads `HOST:PORT=ADDR:PORT`, IPv6 literals in brackets.
    public init(parsing text: String) throws(FakeModemError) {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, let name = Self.pair(sides[0]), let target = Self.pair(sides[1]) else {
            throw .badOption("--route", given: text, wanted: "HOST:PORT=ADDR:PORT")
        }
        self.init(host: name.0, port: name.1, address: target.0, targetPort: target.1)
    }

    /// Splits `HOST:PORT` at its last colon; nil when the host is empty or the port is none.
    static func pair(_ text: Substring) -> (String, Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        return (String(host), port)
    }
}
