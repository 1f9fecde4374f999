public import Credentials
import Scopes

/// One exchange of a SASL mechanism on the client's side, without I/O (RFC 4422 §4): challenges in, responses out. Every
/// challenge brings it a step on, so that no server can keep it going.
public struct SASLExchange: Sendable {
    /// What a mechanism needs besides the credentials.
    public struct Terms: Sendable {
        /// For the mechanisms of SCRAM and CRAM-MD5.
        public var digests: Digests
        /// Printable ASCII without a comma, never the same twice.
        public var nonce: String
        public var binding: SCRAMClient.Binding
        /// The server as we know it, for OAUTHBEARER.
        public var host: String
        public var port: Int

        public init(digests: Digests, nonce: String, binding: SCRAMClient.Binding, host: String, port: Int) {
            self.digests = digests
            self.nonce = nonce
            self.binding = binding
            self.host = host
            self.port = port
        }
    }

    private enum State {
        case loginUser(user: Secret, password: Secret)
        case loginPassword(Secret)
        case cramMD5(user: String, password: Secret, Digests)
        case scramFirst(SCRAMClient)
        case scramFinal(signature: Secret)
        /// The token is out. A challenge is an error in words, which wants this response before the reply comes.
        case token(dismissal: Secret)
        /// All was said, and nothing speaks against the server's word.
        case complete
        case failed
    }

    public let mechanism: SASLMechanism
    /// What goes with the command, or after the server's first, empty challenge; nil where the server speaks first.
    public let initialResponse: Secret?
    /// What the server said of a token that it refuses, in one printable line (RFC 7628 §3.2.2).
    public private(set) var serverWords: String?
    private var state: State

    /// - Parameter terms: PLAIN, LOGIN, XOAUTH2 and EXTERNAL need none.
    public init(_ mechanism: SASLMechanism, _ login: LoginCredentials, _ terms: Terms?) throws(SASLFailure) {
        self.mechanism = mechanism
        let user = login.user ?? ""
        let password = login.password ?? Secret("")
        switch mechanism {
        case .plain:
            initialResponse = Secret([0] + Array(user.utf8) + [0] + password.reveal())
            state = .complete
        case .login:
            initialResponse = nil
            state = .loginUser(user: Secret(user), password: password)
        case .cramMD5:
            let terms = try Self.required(terms)
            initialResponse = nil
            state = .cramMD5(user: user, password: password, terms.digests)
        case .scramSHA256, .scramSHA256Plus:
            let terms = try Self.required(terms)
            let client = try SCRAMClient(
                user: user, password: password, binding: terms.binding, nonce: terms.nonce, digests: terms.digests)
            initialResponse = client.first
            state = .scramFirst(client)
        case .xoauth2:
            let token = login.token?.reveal() ?? []
            initialResponse = Secret(Array("user=\(user)\u{1}auth=Bearer ".utf8) + token + [1, 1])
            state = .token(dismissal: Secret(""))
        case .oauthBearer:
            let terms = try Self.required(terms)
            let token = login.token?.reveal() ?? []
            let identity = user.isEmpty ? "" : "a=\(SASLName.encode(user))"
            let head = "n,\(identity),\u{1}host=\(terms.host)\u{1}port=\(terms.port)\u{1}auth=Bearer "
            initialResponse = Secret(Array(head.utf8) + token + [1, 1])
            state = .token(dismissal: Secret([1]))
        case .external:
            initialResponse = Secret(user)
            state = .complete
        }
    }

    /// The response to a challenge, both without base64; a challenge that is no base64 is nil.
    public mutating func respond(to challenge: [UInt8]?) throws(SASLFailure) -> Secret {
        let before = state
        state = .failed
        let (response, after) = try step(before, challenge)
        state = after
        return response
    }

    private mutating func step(
        _ state: State, _ challenge: [UInt8]?
    ) throws(SASLFailure) -> (response: Secret, after: State) {
        switch state {
        // What the prompts of LOGIN say is different everywhere, and means nothing.
        case .loginUser(let user, let password): return (user, .loginPassword(password))
        case .loginPassword(let password): return (password, .complete)
        case .cramMD5(let user, let password, let digests):
            let challenge = try Self.required(challenge)
            guard !challenge.isEmpty else { throw .malformedChallenge("it is empty") }
            guard let digest = digests.hmacMD5(password.reveal(), challenge) else {
                throw .unavailable("the crypto policy forbids MD5")
            }
            return (Secret("\(user) \(hexadecimal(digest))"), .complete)
        case .scramFirst(let client):
            let (response, signature) = try client.final(to: try Self.required(challenge))
            return (response, .scramFinal(signature: signature))
        case .scramFinal(let signature):
            try SCRAMClient.verify(try Self.required(challenge), signature: signature)
            return (Secret(""), .complete)
        case .token(let dismissal):
            serverWords = Self.oneLine(challenge ?? [])
            return (dismissal, .failed)
        case .complete, .failed: throw .challengeTooMany
        }
    }

    /// The server reports success: whether it may.
    public func succeeded() throws(SASLFailure) {
        switch state {
        case .complete, .token: return
        case .scramFirst, .scramFinal: throw .serverNotProven
        case .loginUser, .loginPassword, .cramMD5, .failed: throw .successTooSoon
        }
    }

    private static func required(_ terms: Terms?) throws(SASLFailure) -> Terms {
        guard let terms else { throw .unavailable("digests and chance are missing") }
        return terms
    }

    private static func required(_ challenge: [UInt8]?) throws(SASLFailure) -> [UInt8] {
        guard let challenge else { throw .malformedChallenge("it is no base64") }
        return challenge
    }

    /// JSON over several lines as one; nil when there is nothing.
    private static func oneLine(_ octets: [UInt8]) -> String? {
        let words = String(decoding: octets, as: UTF8.self).split { $0.isWhitespace }
        return words.isEmpty ? nil : words.joined(separator: " ").printable(limit: 300)
    }
}
