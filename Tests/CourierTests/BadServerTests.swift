import Support
import Testing

/// Servers that refuse, misbehave or cannot be trusted: the right status, the right words, and neither AUTH nor an octet of the
/// message before TLS is verified.
@Suite(.timeLimit(.minutes(15))) struct BadServerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let options: [String]
        let status: Int32
        let says: [String]
        var send: [String] = []
        var testDescription: String { options.joined(separator: " ") }
    }

    static let cases: [Case] = [
        Case(options: ["--greeting", "554 5.3.2 no service here"], status: 75, says: ["no service here"]),
        Case(options: ["--refuse-sender"], status: 65, says: ["this sender may not send here"]),
        Case(options: ["--refuse-recipient", "ops@example.net"], status: 67, says: ["no such mailbox"]),
        Case(
            options: ["--refuse-recipient", "ops@example.net"], status: 67,
            says: ["ops@example.net refused", "second@example.net accepted", "1 of 2 recipients"],
            send: ["--to", "second@example.net"]),
        Case(options: ["--size", "100"], status: 65, says: ["octets", "the server takes 100"]),
        Case(options: ["--defer"], status: 75, says: ["try again later"]),
        Case(options: ["--close-after-message"], status: 75, says: ["perhaps"]),
    ]

    @Test(arguments: cases) func isReportedWithItsOwnWords(_ test: Case) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: test.options)
            let gateway = try Gateway(server: server)
            let run = try gateway.send(["--subject", "s", "--body", "b"] + test.send)
            #expect(run.status == test.status, "\(run.output)")
            for word in test.says { #expect(run.output.contains(word), "\(run.output)") }
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aRefusedPasswordIsItsOwnStatus() async throws {
        try await onThread {
            let server = try MailServer.postfix()
            let gateway = try Gateway(server: server)
            try TemporaryFolder.write("wrong", to: gateway.directory + "/wrong")
            let run = try gateway.send([
                "--subject", "s", "--body", "b", "--password-file", gateway.directory + "/wrong",
            ])
            #expect(run.status == 77, "\(run.output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    struct Untrusted: Sendable, CustomTestStringConvertible {
        let name: String
        let certificate: @Sendable (TestCertificates) -> TestCertificates.Server
        let anchors: @Sendable (TestCertificates) -> String
        let says: [String]
        var testDescription: String { name }
    }

    static let untrusted: [Untrusted] = [
        Untrusted(
            name: "expired", certificate: { $0.expired }, anchors: { $0.root },
            says: ["expired", "the cellular network's time is 20"]),
        Untrusted(
            name: "not yet valid", certificate: { $0.notYetValid }, anchors: { $0.root },
            says: ["not yet valid", "the cellular network's time is 20"]),
        Untrusted(
            name: "other name", certificate: { $0.otherName }, anchors: { $0.root }, says: ["other.example.test"]),
        Untrusted(name: "unknown root", certificate: { $0.server }, anchors: { $0.otherRoot }, says: ["root"]),
        Untrusted(
            name: "missing intermediate", certificate: { $0.withoutIntermediate }, anchors: { $0.root },
            says: ["does not send"]),
        Untrusted(name: "self-signed", certificate: { $0.selfSigned }, anchors: { $0.root }, says: ["self-signed"]),
    ]

    /// On the far side the server's own trace says what it got: nothing but a TLS alert.
    @Test(arguments: untrusted) func nothingIsSentBeforeTheCertificateIsVerified(_ test: Untrusted) async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            let server = try MailServer.aiosmtpd(certificate: test.certificate(certificates))
            let gateway = try Gateway(server: server)
            let run = try gateway.send([
                "--subject", "s", "--body", "b", "--ca-file", test.anchors(certificates), "--json",
            ])
            #expect(run.status == 76, "\(run.output)")
            for word in test.says { #expect(run.output.contains(word), "\(run.output)") }
            #expect(run.output.contains("\"explanation\""))
            #expect(!run.output.contains("\"name\": \"auth\""))
            #expect(try server.messages(0).isEmpty)
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// The question that the project began with: only the intermediate is trusted, and that is enough.
    @Test func aTrustedIntermediateIsEnough() async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            for certificate in [certificates.server, certificates.withoutIntermediate] {
                let server = try MailServer.aiosmtpd(certificate: certificate)
                let gateway = try Gateway(modem: nil, server: server)
                let run = try gateway.run([
                    "send", "--via", "interface:lo", "--server",
                    "smtps://gateway%40example.net@localhost:\(server.port)",
                    "--password-file", gateway.directory + "/password", "--ca-file", certificates.intermediate,
                    "--state-dir", gateway.directory + "/state", "--from", Gateway.user, "--to", "ops@example.net",
                    "--subject", "s", "--body", "b",
                ])
                #expect(run.status == 0, "\(run.output)")
            }
        }
    }
}
