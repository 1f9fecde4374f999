import Credentials
import SMTP

/// Digests that cost nothing and say nothing: the fuzzer is after the machines, and can sign for the server.
private let digests = Digests(
    hmacSHA256: { _, _ in [UInt8](repeating: 0, count: 32) },
    randomOctets: { [UInt8](repeating: 0, count: max(0, $0)) },
    sha256: { _ in [UInt8](repeating: 0, count: 32) },
    pbkdf2SHA256: { _, _, iterations in
        require(SCRAMClient.iterations.contains(iterations), "iterations out of bounds")
        return Secret([UInt8](repeating: 0, count: 32))
    }, md5: { _ in nil }, hmacMD5: { _, message in message.count % 2 == 0 ? [UInt8](repeating: 7, count: 16) : nil })

/// A server's challenges, a line each, for the mechanism that the first octet names: the exchange ends after a few, a failure
/// is final, and SCRAM succeeds only for a server that signed.
func fuzzSASL(_ octets: [UInt8]) {
    guard let first = octets.first else { return }
    let mechanism = SASLMechanism.allCases[Int(first) % SASLMechanism.allCases.count]
    let isToken = mechanism.proof == .token
    guard
        let login = try? LoginCredentials(
            user: "user", password: isToken ? nil : Secret("pencil"), token: isToken ? Secret("token") : nil,
            hasCertificate: true, preference: .mechanism(mechanism)),
        var exchange = try? SASLExchange(
            mechanism, login,
            SASLExchange.Terms(
                digests: digests, nonce: "rOprNGfwEbeRWgbNEkqO",
                binding: mechanism == .scramSHA256Plus
                    ? .bound(SASLChannelBinding(type: "tls-exporter", octets: [1, 2, 3])) : .notOffered,
                host: "mail.example.com", port: 465))
    else { return require(false, "an exchange that does not begin") }
    var responses = 0
    var hasFailed = false
    var last: [UInt8] = []
    for challenge in octets.dropFirst().split(separator: 0x0A, omittingEmptySubsequences: false) {
        last = Array(challenge)
        do {
            // A line that begins with `!` was no base64.
            let response = try exchange.respond(to: last.first == 0x21 ? nil : last)
            require(!hasFailed, "an exchange that goes on after its failure")
            require(response.count < 20_000, "a response beyond bounds")
            responses += 1
        } catch {
            hasFailed = true
            let line = SMTPError.login(mechanism, error).line
            require(line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "an error with control characters")
        }
    }
    require(responses <= 2, "a server that keeps an exchange going")
    require(exchange.serverWords?.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ?? true, "words with control characters")
    let succeeds = (try? exchange.succeeded()) != nil
    require(!(succeeds && hasFailed), "success after a failure")
    if mechanism == .scramSHA256 || mechanism == .scramSHA256Plus, succeeds {
        require(responses == 2 && last.starts(with: Array("v=".utf8)), "success without the server's signature")
    }
}
