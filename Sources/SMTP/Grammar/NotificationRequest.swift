/// Which delivery status notifications a sender asks the server for (RFC 3461 §4). Nothing is asked by default; what is asked
/// is said only to a server that offers DSN.
public struct NotificationRequest: Sendable, Equatable {
    /// When a notice is wanted (RFC 3461 §4.1).
    public enum Occasion: String, Sendable, CaseIterable {
        case failure = "FAILURE"
        case delay = "DELAY"
        case success = "SUCCESS"
    }

    /// What of the message a notice of failure brings back (RFC 3461 §4.3).
    public enum Returned: String, Sendable, CaseIterable {
        case full = "FULL"
        /// The fewest octets.
        case headers = "HDRS"
    }

    /// nil: not said, so that the server's habit counts (failure, perhaps delay). Empty: never.
    public let occasions: Set<Occasion>?
    /// nil: not said.
    public let returned: Returned?
    /// The sender's own name for this mail, which a notice repeats; nil: not said.
    public let envelopeID: String?

    /// - Parameter envelopeID: printable ASCII. The whole parameter with its keyword has at most 100 characters as xtext
    ///   (RFC 3461 §4.4, §5.4).
    public init(occasions: Set<Occasion>?, returned: Returned? = nil, envelopeID: String? = nil) throws(SMTPError) {
        if let envelopeID {
            guard !envelopeID.isEmpty, envelopeID.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw .invalid(name: "the envelope's name (ENVID)", reason: "it is empty or not printable ASCII")
            }
            guard "ENVID=".utf8.count + XText.encode(envelopeID).utf8.count <= 100 else {
                throw .invalid(name: "the envelope's name (ENVID)", reason: "it is longer than 94 characters as xtext")
            }
        }
        self.occasions = occasions
        self.returned = returned
        self.envelopeID = envelopeID
    }

    /// `NOTIFY=` as RCPT says it.
    static func text(of occasions: Set<Occasion>) -> String {
        guard !occasions.isEmpty else { return "NEVER" }
        return Occasion.allCases.filter(occasions.contains).map(\.rawValue).joined(separator: ",")
    }
}

/// Text within a parameter (RFC 3461 §4): printable ASCII but `+` and `=` as it is, every other octet as `+` and two
/// hexadecimal digits in capitals.
enum XText {
    static func encode(_ text: String) -> String {
        var result = ""
        for octet in text.utf8 {
            if (0x21...0x7E).contains(octet), octet != 0x2B, octet != 0x3D {
                result.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                let digits = String(octet, radix: 16, uppercase: true)
                result += "+" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }
}
