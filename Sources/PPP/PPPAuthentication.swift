public import Credentials

/// How an end proves who it is (RFC 1661 §6.2).
public enum AuthenticationProtocol: String, Sendable, Equatable, CaseIterable {
    /// Name and password in the clear (RFC 1334 §2).
    case pap = "PAP"
    /// MD5 over a challenge and the secret (RFC 1994).
    case chapMD5 = "CHAP"

    /// The value of LCP's option.
    var optionValue: [UInt8] {
        switch self {
        case .pap: [0xC0, 0x23]
        case .chapMD5: [0xC2, 0x23, 5]
        }
    }

    /// What `value` asks for; nil for what we do not have, as MS-CHAP and EAP.
    init?(optionValue value: [UInt8]) {
        guard let found = Self.allCases.first(where: { $0.optionValue == value }) else { return nil }
        self = found
    }

    /// The words for a value of LCP's option, known to us or not.
    static func name(ofOptionValue value: [UInt8]) -> String {
        if let known = Self(optionValue: value) { return known.rawValue }
        switch value {
        case [0xC2, 0x23, 0x80]: return "MS-CHAP"
        case [0xC2, 0x23, 0x81]: return "MS-CHAPv2"
        case [0xC2, 0x27]: return "EAP"
        default: return "an unknown method"
        }
    }
}

/// A name and its password.
public struct PPPAccount: Sendable, Equatable {
    /// At most 255 octets are sent.
    public var name: String
    public var password: Secret

    public init(name: String, password: Secret) {
        self.name = name
        self.password = password
    }
}
