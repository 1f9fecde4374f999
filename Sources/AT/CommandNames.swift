/// The names of commands that a person may want: V.250, 3GPP TS 27.007 and 27.005, and what the dialects' makers add.
public enum CommandNames {
    /// What the line up to the cursor may become: each a whole text for what stands left of it. Empty: nothing is known, or
    /// what is being typed is no name. In small letters where the name was begun so.
    public static func completions(of text: String) -> [String] {
        if text.isEmpty || text.uppercased() == "A" { return ["AT"] }
        guard text.prefix(2).uppercased() == "AT" else { return [] }
        var start = text.index(text.startIndex, offsetBy: 2)
        var isQuoted = false
        for index in text.indices {
            if text[index] == "\"" { isQuoted.toggle() }
            if text[index] == ";", !isQuoted { start = text.index(after: index) }
        }
        let begun = text[start...]
        guard !isQuoted, !begun.contains(where: { "=?\" ".contains($0) }) else { return [] }
        let name = begun.uppercased()
        let isSmall = begun.contains(where: \.isLowercase)
        return all.filter { $0.hasPrefix(name) }.map { text[..<start] + (isSmall ? $0.lowercased() : $0) }
    }

    public static let all: [String] = (v250 + network + messages + makers).sorted()

    private static let v250 = [
        "&C", "&D", "&F", "&K", "&V", "&W", "E0", "E1", "I", "S0", "Z", "+GCAP", "+GMI", "+GMM", "+GMR", "+GSN", "+ICF",
        "+IFC", "+IPR",
    ]

    private static let network = [
        "+CACM", "+CCFC", "+CCID", "+CCLK", "+CCWA", "+CEDRXRDP", "+CEDRXS", "+CEER", "+CEMODE", "+CEREG", "+CESQ",
        "+CFUN",
        "+CGACT", "+CGATT", "+CGAUTH", "+CGCONTRDP", "+CGDCONT", "+CGDCONTRDP", "+CGEREP", "+CGMI", "+CGMM", "+CGMR",
        "+CGPADDR", "+CGPIAF", "+CGREG", "+CGSN", "+CGSMS", "+CIMI", "+CIND", "+CLAC", "+CLCC", "+CLCK", "+CLIP",
        "+CMEE",
        "+CMER", "+CNUM", "+COPN", "+COPS", "+CPAS", "+CPIN", "+CPINR", "+CPLS", "+CPOL", "+CPSMS", "+CPWD", "+CRC",
        "+CREG", "+CRSM", "+CSCS", "+CSIM", "+CSQ", "+CTZR", "+CTZU", "+CUSD", "+WS46",
    ]

    private static let messages = [
        "+CMGD", "+CMGF", "+CMGL", "+CMGR", "+CMMS", "+CNMI", "+CPMS", "+CSCA", "+CSDH", "+CSMP", "+CSMS",
    ]

    private static let makers = [
        // Quectel.
        "+QCCID", "+QCFG", "+QCSQ", "+QENG", "+QGMR", "+QIACT", "+QICFG", "+QICLOSE", "+QICSGP", "+QIDEACT",
        "+QIDNSCFG",
        "+QIDNSGIP", "+QIGETERROR", "+QINISTAT", "+QIOPEN", "+QIRD", "+QISDE", "+QISTATE", "+QLTS", "+QNTP", "+QNWINFO",
        "+QPINC", "+QPING", "+QPOWD", "+QSIMSTAT", "+QSPN", "+QTEMP", "+QURCCFG",
        // SIMCom.
        "+CBC", "+CDNSCFG", "+CDNSGIP", "+CIFSR", "+CIICR", "+CIPACK", "+CIPCLOSE", "+CIPHEAD", "+CIPMODE", "+CIPMUX",
        "+CIPQSEND", "+CIPRXGET", "+CIPSHUT", "+CIPSPRT", "+CIPSTART", "+CIPSTATUS", "+CSTT", "+SPIC",
        // Sierra Wireless.
        "+CCED", "+WIND", "+WIPBR", "+WIPCFG", "+WIPCLOSE", "+WIPCREATE", "+WIPOPT", "+WOPEN",
    ]
}
