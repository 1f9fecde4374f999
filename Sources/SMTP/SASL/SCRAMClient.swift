public import Credentials
import Scopes

/// The client's messages of SCRAM-SHA-256 (RFC 5802 §5, §7; RFC 7677), bound to the TLS connection or not.
///
///     client-first →   ← server-first (salt, iterations)   client-final (proof) →   ← server-final (signature)
public struct SCRAMClient: Sendable {
    /// What a server may ask for: fewer protect the password from nobody who has the exchange (RFC 7677 §5.2 registers 4096
    /// as the least), and more than a million keep a small board busy for many seconds (RFC 5802 §9).
    public static let iterations = 4096...1_000_000

    /// How the exchange stands to the TLS connection (RFC 5802 §6).
    public enum Binding: Sendable, Equatable {
        /// Bound: `p=`.
        case bound(SASLChannelBinding)
        /// We could, and the server did not offer it: `y`. A server that did offer it sees that somebody took it away.
        case notOffered
        /// We do not bind: `n`.
        case none

        fileprivate var header: String {
            switch self {
            case .bound(let binding): "p=\(binding.type),,"
            case .notOffered: "y,,"
            case .none: "n,,"
            }
        }

        fileprivate var input: [UInt8] {
            if case .bound(let binding) = self { Array(header.utf8) + binding.octets } else { Array(header.utf8) }
        }
    }

    private let binding: Binding
    private let user: String
    private let password: Secret
    private let nonce: String
    private let digests: Digests

    /// - Parameter nonce: printable ASCII without a comma, never the same twice.
    public init(
        user: String, password: Secret, binding: Binding, nonce: String, digests: Digests
    ) throws(SASLFailure) {
        guard let user = SASLprep.prepare(user) else { throw .notPreparable("the user name") }
        guard let text = password.revealText(), let prepared = SASLprep.prepare(text) else {
            throw .notPreparable("the password")
        }
        self.user = user
        self.password = Secret(prepared)
        self.binding = binding
        self.nonce = nonce
        self.digests = digests
    }

    /// client-first-message.
    public var first: Secret { Secret(binding.header + firstBare) }

    private var firstBare: String {
        "n=\(SASLName.encode(user)),r=\(nonce)"
    }

    /// client-final-message, and the signature that the server owes.
    public func final(to serverFirst: [UInt8]) throws(SASLFailure) -> (response: Secret, signature: Secret) {
        let challenge = try ServerFirst(serverFirst, clientNonce: nonce)
        let salted = digests.pbkdf2SHA256(password, challenge.salt, challenge.iterations).reveal()
        let bindingText = String(decoding: Base64.encode(binding.input), as: UTF8.self)
        let withoutProof = "c=\(bindingText),r=\(challenge.nonce)"
        let exchange = Array("\(firstBare),".utf8) + serverFirst + Array(",\(withoutProof)".utf8)
        let clientKey = digests.hmacSHA256(salted, Array("Client Key".utf8))
        let clientSignature = digests.hmacSHA256(digests.sha256(clientKey), exchange)
        let proof = zip(clientKey, clientSignature).map { $0 ^ $1 }
        let serverKey = digests.hmacSHA256(salted, Array("Server Key".utf8))
        return (
            Secret("\(withoutProof),p=\(String(decoding: Base64.encode(proof), as: UTF8.self))"),
            Secret(digests.hmacSHA256(serverKey, exchange))
        )
    }

    /// server-final-message: the signature, or the server's word for what it refuses.
    static func verify(_ serverFinal: [UInt8], signature: Secret) throws(SASLFailure) {
        guard let text = String(validating: serverFinal, as: UTF8.self) else {
            throw .malformedChallenge("the last message is no UTF-8")
        }
        let verdict = text.prefix { $0 != "," }
        if verdict.hasPrefix("e=") { throw .refused(verdict.dropFirst(2).description.printable(limit: 80)) }
        guard verdict.hasPrefix("v="), let given = Base64.decode(verdict.utf8.dropFirst(2)) else {
            throw .malformedChallenge("the last message has neither signature nor error")
        }
        let owed = signature.reveal()
        guard given.count == owed.count, zip(given, owed).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 else {
            throw .serverNotProven
        }
    }
}

/// server-first-message (RFC 5802 §7): `r=…,s=…,i=…`, in this order.
private struct ServerFirst {
    let nonce: String
    let salt: [UInt8]
    let iterations: Int

    init(_ octets: [UInt8], clientNonce: String) throws(SASLFailure) {
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw .malformedChallenge("the first message is no UTF-8")
        }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        if parts.first?.hasPrefix("m=") == true {
            throw .malformedChallenge("it demands an extension that does not exist")
        }
        guard parts.count >= 3, parts[0].hasPrefix("r="), parts[1].hasPrefix("s="), parts[2].hasPrefix("i=") else {
            throw .malformedChallenge("the first message is not nonce, salt and iterations")
        }
        nonce = String(parts[0].dropFirst(2))
        // The server must add to our nonce, or a recorded exchange could be played again (RFC 5802 §5.1).
        guard nonce.hasPrefix(clientNonce), nonce.utf8.count > clientNonce.utf8.count,
            nonce.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .malformedChallenge("the server's nonce does not extend ours") }
        guard let salt = Base64.decode(parts[1].utf8.dropFirst(2)), !salt.isEmpty else {
            throw .malformedChallenge("the salt is no base64")
        }
        self.salt = salt
        let digits = parts[2].dropFirst(2)
        guard (1...10).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.utf8.first != 0x30, let count = Int(digits)
        else { throw .malformedChallenge("the iterations are no number") }
        guard SCRAMClient.iterations.contains(count) else { throw .iterations(count) }
        iterations = count
    }
}

/// A user name within the header of GS2 (RFC 5801 §4): comma and equals sign would end it.
enum SASLName {
    static func encode(_ name: String) -> String {
        name.replacing("=", with: "=3D").replacing(",", with: "=2C")
    }
}
