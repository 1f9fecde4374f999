import PPP

/// As words of a command line.
extension PPPConditions {
    /// `none`, `pap`, `chap`.
    public mutating func setAuthentication(_ words: [String]) throws(FakeModemError) {
        authentication = []
        for word in words where word != "none" {
            guard let method = AuthenticationProtocol.allCases.first(where: { $0.rawValue.lowercased() == word }) else {
                throw .badOption("--ppp-auth", given: word, wanted: "none, pap, chap")
            }
            authentication.append(method)
        }
    }

    /// `ADDR:PORT`, IPv6 literals in brackets.
    public mutating func setServer(_ text: String) throws(FakeModemError) {
        guard let (address, port) = Route.pair(text[...]) else {
            throw .badOption("--ppp-server", given: text, wanted: "ADDR:PORT")
        }
        server = Server(address: address, port: port)
    }

    /// Up to eight hexadecimal digits.
    public mutating func setACCM(_ text: String) throws(FakeModemError) {
        guard let value = UInt32(text, radix: 16) else {
            throw .badOption("--ppp-accm", given: text, wanted: "hexadecimal digits, such as 000a0000")
        }
        accm = value
    }
}
