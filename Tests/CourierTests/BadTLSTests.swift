import Support
import Testing

/// Servers whose TLS is bad, one way each, against the whole program: its status, one line that names cause and remedy, an end
/// within the phase's limit, and neither password nor mail at a server that was not verified.
@Suite(.timeLimit(.minutes(15))) struct BadTLSTests {
    enum Server: Sendable {
        case script([String])
        case openSSL([String])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let server: Server
        var certificate: @Sendable (TestCertificates, BadCertificates) -> TestCertificates.Server = { good, _ in
            good.server
        }
        var anchors: @Sendable (TestCertificates) -> String = { $0.root }
        var status: Int32 = 76
        /// Of the TLS handshake.
        var limit = "90s"
        /// What the one line says: the cause, then the remedy.
        let says: [String]
        var testDescription: String { name }

        init(_ name: String, _ server: Server, status: Int32 = 76, limit: String = "90s", _ says: String...) {
            self.name = name
            self.server = server
            self.status = status
            self.limit = limit
            self.says = says
        }

        /// A server that does well but for its certificate.
        init(
            _ name: String,
            certificate: @escaping @Sendable (TestCertificates, BadCertificates) -> TestCertificates.Server,
            anchors: @escaping @Sendable (TestCertificates) -> String = { $0.root }, version: String = "1.3",
            _ says: String...
        ) {
            self.name = name
            server = .script(["--version", version, "smtp", "none", "cut"])
            self.certificate = certificate
            self.anchors = anchors
            self.says = says
        }
    }

    static let protocols: [Case] = [
        Case(
            "TLS 1.0 alone", .openSSL(["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"]), "protocol version",
            "enable TLS 1.2 or newer"),
        Case(
            "TLS 1.1 alone", .openSSL(["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]), "protocol version",
            "enable TLS 1.2 or newer"),
        Case(
            "answers with TLS 1.0", .script(["raw", "version-0301"]), "does not speak TLS 1.2 or 1.3",
            "enable TLS 1.2 or newer"),
        Case("answers with SSL 3", .script(["raw", "version-0300"]), "does not speak TLS 1.2 or 1.3"),
        Case(
            "anonymous suites", .openSSL(["-tls1_2", "-cipher", "aNULL@SECLEVEL=0"]), "alert 40",
            "--link-profile standard"),
        Case(
            "suites without encryption", .openSSL(["-tls1_2", "-cipher", "eNULL@SECLEVEL=0"]), "alert 40",
            "--link-profile standard"),
        Case("suites with CBC alone", .openSSL(["-tls1_2", "-cipher", "ECDHE+AES+SHA"]), "alert 40", "AES-GCM"),
        Case(
            "a suite of TLS 1.3 that is not offered", .openSSL(["-ciphersuites", "TLS_AES_128_CCM_SHA256"]), "alert 40"),
        Case("chooses NULL unasked", .script(["raw", "suite-0001"]), "cipher returned", "tell the server's owner"),
        Case("chooses an export suite unasked", .script(["raw", "suite-0003"]), "cipher returned"),
        Case("chooses RC4 unasked", .script(["raw", "suite-0005"]), "cipher returned"),
        Case("chooses 3DES unasked", .script(["raw", "suite-000A"]), "cipher returned"),
        Case("chooses an anonymous suite unasked", .script(["raw", "suite-0034"]), "cipher returned"),
        Case("has no secure renegotiation", .script(["raw", "old"]), "legacy renegotiation", "RFC 5746", "update it"),
        Case("sends no certificate", .script(["raw", "no-certificates"]), "the TLS handshake failed", "owner"),
        Case("garbage", .script(["raw", "garbage"]), "does not speak TLS", "check the port"),
        Case("plain SMTP", .script(["raw", "smtp"]), "speaks SMTP without TLS", "STARTTLS"),
        Case("an alert at once", .script(["raw", "alert-112"]), "unrecognized name", "check the server's name"),
        Case("an error of its own", .script(["raw", "alert-80"]), status: 75, "internal error", "try again"),
        // Octets that it leaves unread may turn its close into a reset.
        Case("closes at once", .script(["raw", "close"]), status: 75, "connection"),
        Case("endless empty records", .script(["raw", "empty-records"]), "record too small", "owner"),
        Case("endless warnings", .script(["raw", "warnings"]), "too many warn alerts", "owner"),
        Case("endless ChangeCipherSpec", .script(["raw", "ccs"]), "the TLS handshake failed", "owner"),
        Case("endless tickets", .script(["endless", "tickets"]), "without end", "tell the server's owner"),
        Case("endless KeyUpdate", .script(["endless", "key-updates"]), "without end", "tell the server's owner"),
        Case(
            "endless renegotiation", .script(["--version", "1.2", "endless", "hello-requests"]), "without end",
            "tell the server's owner"),
        Case(
            "wants a client's certificate, TLS 1.2", .openSSL(["-tls1_2", "-Verify", "1", "-verify_return_error"]),
            "had asked for a client certificate", "--client-certificate"),
        Case(
            "wants a client's certificate, TLS 1.3", .openSSL(["-tls1_3", "-Verify", "1", "-verify_return_error"]),
            "certificate required (alert 116)", "--client-certificate and --client-key"),
    ]

    static let endings: [Case] = [
        Case(
            "says nothing", .script(["raw", "silence"]), status: 75, limit: "1s", "no end after 1 s (tls)", "try again"),
        Case(
            "stalls within its first message", .script(["flight", "1", "60", "stall"]), status: 75, limit: "1s",
            "no end after 1 s (tls)"),
        Case(
            "stalls within its certificate", .script(["flight", "1", "400", "stall"]), status: 75, limit: "1s",
            "no end after 1 s (tls)"),
        Case(
            "stalls before its Finished", .script(["flight", "1", "-20", "stall"]), status: 75, limit: "1s",
            "no end after 1 s (tls)"
        ),
        Case(
            "stalls in the first flight of TLS 1.2", .script(["--version", "1.2", "flight", "1", "-5", "stall"]),
            status: 75, limit: "1s", "no end after 1 s (tls)"),
        Case(
            "stalls before the second flight of TLS 1.2", .script(["--version", "1.2", "flight", "2", "0", "stall"]),
            status: 75, limit: "1s", "no end after 1 s (tls)"),
        Case(
            "an octet at a time, without end", .script(["flight", "1", "1000", "trickle"]), status: 75, limit: "1s",
            "no end after 1 s (tls)"),
        Case(
            "closes in the first flight", .script(["flight", "1", "300", "close"]), status: 75,
            "in the middle of the TLS handshake", "check the port"),
        Case(
            "closes before the second flight", .script(["--version", "1.2", "flight", "2", "0", "close"]), status: 75,
            "in the middle of the TLS handshake"),
        Case(
            "resets in the second flight", .script(["--version", "1.2", "flight", "2", "10", "reset"]), status: 75,
            "the connection was reset", "try again"),
    ]

    static let certificates: [Case] = [
        Case("expired", certificate: { good, _ in good.expired }, "expired on 2021-01-01", "renew"),
        Case("not yet valid", certificate: { good, _ in good.notYetValid }, "valid from 2090-01-01", "check the clock"),
        Case("another name", certificate: { good, _ in good.otherName }, "is not for localhost", "other.example.test"),
        Case("a wildcard too wide", certificate: { _, bad in bad.wideWildcard }, "it names *.test", "RFC 9525"),
        Case("a wildcard alone", certificate: { _, bad in bad.bareWildcard }, "it names *;", "RFC 9525"),
        Case("a part of a label", certificate: { _, bad in bad.partialWildcard }, "loc*", "RFC 9525"),
        Case("a wildcard within", certificate: { _, bad in bad.innerWildcard }, "mail.*.test", "RFC 9525"),
        Case(
            "common name alone", certificate: { good, _ in good.commonNameOnly }, "a common name does not count",
            "check the server's name"),
        Case(
            "for clients alone", certificate: { good, _ in good.clientPurpose }, "not meant for a TLS server",
            "serverAuth"
        ),
        Case(
            "for issuing alone", certificate: { _, bad in bad.wrongUsage }, "not meant for a TLS server", "serverAuth"),
        Case("self-signed", certificate: { good, _ in good.selfSigned }, "is self-signed", "--pin-sha256 "),
        Case(
            "unknown root", certificate: { good, _ in good.server }, anchors: { $0.otherRoot },
            "issued by \"Test Root\", which is not trusted", "add \"Test Root\""),
        Case(
            "unknown root that is sent", certificate: { good, _ in good.withRoot }, anchors: { $0.otherRoot },
            "ends at the root \"Test Root\"", "fingerprint"),
        Case(
            "missing intermediate", certificate: { good, _ in good.withoutIntermediate },
            "does not send that certificate",
            "ask the server's owner"),
        Case(
            "issued by a leaf", certificate: { good, _ in good.issuedByLeaf }, "is no CA certificate",
            "ask the server's owner"),
        Case(
            "issued by one that may not sign", certificate: { _, bad in bad.belowNoSigner }, "is no CA certificate",
            "right chain"),
        Case("path too long", certificate: { _, bad in bad.tooDeep }, "path length", "ask the server's owner"),
        Case(
            "outside the name constraints", certificate: { _, bad in bad.outsideConstraints }, "may not issue for",
            "ask the server's owner"),
        Case(
            "expired intermediate", certificate: { _, bad in bad.belowExpired },
            "\"Test Expired Issuer\" (depth 1) expired"),
        Case(
            "unknown critical extension", certificate: { _, bad in bad.unknownExtension }, "unhandled critical", "owner"
        ),
        Case("RSA 512", certificate: { _, bad in bad.tinyKey }, version: "1.2", "RSA 512 bits", "RSA 2048"),
        Case("RSA 1024", certificate: { good, _ in good.weakKey }, "RSA 1024 bits", "RSA 2048"),
        Case(
            "signed with MD5", certificate: { _, bad in bad.signedWithMD5 }, anchors: { $0.rsaRoot }, version: "1.2",
            "signed with md5", "SHA-256 or more"),
        Case("signed with SHA-1", certificate: { _, bad in bad.signedWithSHA1 }, "SHA1", "SHA-256 or more"),
        Case("issuer signed with SHA-1", certificate: { _, bad in bad.belowSHA1 }, "\"Test SHA-1 Issuer\"", "SHA-256"),
        Case("140 kB of certificates", certificate: { _, bad in bad.tooLarge }, "excessive message size", "100 kB"),
    ]

    @Test(arguments: protocols + endings + certificates) func isRefusedWithCauseAndRemedy(_ test: Case) async throws {
        try await onThread {
            let (good, bad) = (try TestCertificates.shared(), try BadCertificates.shared())
            let certificate = test.certificate(good, bad)
            let server =
                switch test.server {
                case .script(let words): try BadTLSServer.script(words, certificate: certificate)
                case .openSSL(let options): try BadTLSServer.openSSL(options, certificate: certificate)
                }
            let run = try server.send(trusting: test.anchors(good), limit: test.limit)
            #expect(run.status == test.status, "\(run.output)")
            for words in test.says { #expect(run.errorLine.contains(words), "\(words): \(run.output)") }
            let received = server.received()
            for octets in ["EHLO", "AUTH", TestSecrets.passwordInPlain, TestSecrets.body] {
                #expect(!received.contains(octets), "\(received)")
            }
        }
    }

    @Test func someHundredCertificatesAreRead() async throws {
        try await onThread {
            let server = try BadTLSServer.script(
                ["smtp", "none", "cut"], certificate: try BadCertificates.shared().large)
            let run = try server.send(trusting: try TestCertificates.shared().root)
            #expect(run.status == 0, "\(run.output)")
        }
    }

    struct Closing: Sendable, CustomTestStringConvertible {
        let place: String
        let status: Int32
        let says: String
        var testDescription: String { place }
    }

    static let closings: [Closing] = [
        Closing(place: "greeting", status: 75, says: "try again"), Closing(place: "ehlo", status: 75, says: "at AUTH"),
        Closing(place: "auth", status: 75, says: "at MAIL"), Closing(place: "data", status: 75, says: "at DATA"),
        Closing(place: "message", status: 75, says: "perhaps delivered"), Closing(place: "final", status: 0, says: ""),
    ]

    /// A close is told by where it came, with close_notify, without, and by a reset alike; after the final reply it is none.
    @Test(arguments: closings, ["notify", "cut", "reset"])
    func aCloseUnderTLSIsToldByItsPlace(_ test: Closing, _ how: String) async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            let version = how == "cut" ? "1.2" : "1.3"
            let server = try BadTLSServer.script(
                ["--version", version, "smtp", test.place, how], certificate: certificates.server)
            let run = try server.send(trusting: certificates.root)
            #expect(run.status == test.status, "\(run.output)")
            let says = how == "reset" ? test.says : test.says.replacing("at ", with: "instead of answering ")
            #expect(run.errorLine.contains(says), "\(run.output)")
            let received = server.received()
            #expect(received.contains(TestSecrets.body) == ["message", "final"].contains(test.place), "\(received)")
        }
    }

    /// A gateway that booted without a clock: it is told so, and with the network's time what the clock can be set to.
    @Test func aClockOf1970IsToldBesideTheNetworksTime() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(server: server)
            let client = try TestProcess.start(
                [
                    "env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "faketime", "-f", "@1970-01-01 00:02:00",
                    Gateway.programs + "/modemail", "send",
                ] + gateway.usual + ["--subject", "s", "--body", "b"])
            client.endInput()
            let run = Gateway.Run(status: 0, output: client.readToEnd())
            #expect(client.wait() == 76, "\(run.output)")
            #expect(run.errorLine.contains("this machine's clock shows 1970-01-01"), "\(run.output)")
            #expect(run.errorLine.contains("set the clock"), "\(run.output)")
            #expect(run.output.contains("the cellular network's time is 20"), "\(run.output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }
}
