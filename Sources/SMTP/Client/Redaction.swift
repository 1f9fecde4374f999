import Credentials

/// Takes our own secrets out of a server's words, which go to terminals and logs: some servers repeat what they were told.
struct Redaction: Sendable {
    static let none = Redaction(secrets: [])

    private let secrets: [String]

    /// - Parameter credentials: password and token are known as they are, and as PLAIN, LOGIN and XOAUTH2 write them.
    init(_ credentials: LoginCredentials?) {
        let user = Array((credentials?.user ?? "").utf8)
        var secrets: [[UInt8]] = []
        if let password = credentials?.password?.reveal() {
            secrets += [Base64.encode([0] + user + [0] + password), Base64.encode(password), password]
        }
        if let token = credentials?.token?.reveal() {
            let whole = Array("user=".utf8) + user + Array("\u{1}auth=Bearer ".utf8) + token + [1, 1]
            secrets += [Base64.encode(whole), Base64.encode(token), token]
        }
        self.init(secrets: secrets)
    }

    private init(secrets: [[UInt8]]) {
        self.secrets = secrets.map { String(decoding: $0, as: UTF8.self) }.filter { !$0.isEmpty }
    }

    func redacted(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "<redacted>") }
    }

    /// What is to be read by machines stays as it is: codes, what EHLO offers, the challenges of AUTH.
    func redacted(_ reply: Reply, at step: SMTPStep) -> Reply {
        if secrets.isEmpty || reply.code == 334 || (step == .ehlo && reply.isPositive) { return reply }
        let status = reply.enhanced.map { "\($0)" } ?? ""
        return Reply(
            code: reply.code,
            lines: reply.lines.map { line in
                guard !status.isEmpty, line.hasPrefix(status) else { return redacted(line) }
                return status + redacted(String(line.dropFirst(status.count)))
            })
    }
}
