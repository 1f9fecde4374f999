/// The commands that hold PINs, passwords and accounts: one table for what a transcript shows and for what a person types.
enum SecretCommands {
    enum Kind: Sendable {
        /// Of the card (3GPP TS 27.007 §7.4, §7.5, §8.3), or of a service: secret as a command, not as an answer.
        case code
        /// Of an access point, in the standard (3GPP TS 27.007 §10.1.31) and in the makers' manuals: read back, it is as secret.
        case account
    }

    struct Entry: Sendable {
        let kind: Kind
        /// Which values behind `=` are secret, counted from 0.
        let places: ClosedRange<Int>
    }

    /// By their names in capitals.
    static let all: [String: Entry] = [
        "+CPIN": Entry(kind: .code, places: 0...9), "+CPIN2": Entry(kind: .code, places: 0...9),
        "+CLCK": Entry(kind: .code, places: 2...2), "+CPWD": Entry(kind: .code, places: 1...2),
        "+CPUC": Entry(kind: .code, places: 1...1), "+CPUK": Entry(kind: .code, places: 0...9),
        "+QPIN": Entry(kind: .code, places: 0...9), "^SPIC": Entry(kind: .code, places: 0...9),
        "+CUSD": Entry(kind: .code, places: 1...1), "+QMTCONN": Entry(kind: .code, places: 2...3),
        "+SMTPAUTH": Entry(kind: .code, places: 1...2), "+CSMTPSAUTH": Entry(kind: .code, places: 1...2),
        "+CGAUTH": Entry(kind: .account, places: 2...9), "+QICSGP": Entry(kind: .account, places: 3...4),
        "+CSTT": Entry(kind: .account, places: 1...2), "+SAPBR": Entry(kind: .account, places: 3...9),
        "+WIPBR": Entry(kind: .account, places: 3...9), "+CNCFG": Entry(kind: .account, places: 3...9),
        "+UPSD": Entry(kind: .account, places: 2...2), "+UAUTHREQ": Entry(kind: .account, places: 2...9),
        "+KCNXCFG": Entry(kind: .account, places: 3...9), "^AUTHDATA": Entry(kind: .account, places: 1...9),
        "^SICS": Entry(kind: .account, places: 2...2), "#SGACT": Entry(kind: .account, places: 2...9),
        "#PDPAUTH": Entry(kind: .account, places: 2...9), "$QCPDPP": Entry(kind: .account, places: 2...9),
        "+XIIC": Entry(kind: .account, places: 1...9), "+XGAUTH": Entry(kind: .account, places: 2...9),
        "+MIPCALL": Entry(kind: .account, places: 2...9),
    ]

    /// What the line holds, by the names that stand in it anywhere: it may be a garbled copy. An account decides.
    static func kind(in line: String) -> Kind? {
        let upper = line.uppercased()
        let kinds = all.lazy.filter { upper.contains($0.key) }.map(\.value.kind)
        return kinds.contains(.account) ? .account : kinds.first
    }
}
