import AT

extension SocketEvent {
    /// What lines of the standard and of a starting modem tell, whatever the dialect (3GPP TS 27.007 §10.1.19).
    static func common(of line: ATLine) -> SocketEvent? {
        if bootLines.contains(line.text) || line.text.hasPrefix("+KSUP:") { return .rebooted(words: line.text) }
        guard line.text.hasPrefix("+CGEV:") else { return nil }
        let words = line.text.dropFirst(6).split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "NW" || words[0] == "ME" else { return nil }
        switch words[1] {
        case "DETACH": return .bearerLost(cid: nil, words: line.text)
        case "PDN": return lostConnection(words, line.text)
        case "DEACT": return lostContext(words, line.text)
        default: return nil
        }
    }

    /// What modems of several makers say once they have started; seen later, it means that they started anew.
    private static let bootLines: Set<String> = [
        "RDY", "APP RDY", "^SYSSTART", "+SYSSTART", "UART Boot Completed", "+WIND: 3",
    ]

    /// `NW PDN DEACT <cid>[,…]`
    private static func lostConnection(_ words: [Substring], _ text: String) -> SocketEvent? {
        guard words.count == 3, words[2].hasPrefix("DEACT ") else { return nil }
        guard let cid = LineFields(words[2].dropFirst(6)).count(0) else { return nil }
        return .bearerLost(cid: cid, words: text)
    }

    /// `NW DEACT <PDP_type>,<PDP_addr>,[<cid>]`
    private static func lostContext(_ words: [Substring], _ text: String) -> SocketEvent? {
        guard words.count == 3, let cid = LineFields(words[2]).count(2) else { return nil }
        return .bearerLost(cid: cid, words: text)
    }
}
