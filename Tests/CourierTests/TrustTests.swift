import Glibc
import Support
import Testing

/// What the owner says about trust, by the whole program: pinned keys, the client's certificate, the key log.
@Suite(.timeLimit(.minutes(15))) struct TrustTests {
    private static let resumed = "\"resumed\":true"

    /// Without blanks, as the JSON may be laid out.
    private func words(_ output: String) -> String { output.filter { $0 != " " } }

    @Test func aPinnedKeyOfASelfSignedServerIsTrusted() async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            let pins = [
                "--pin-sha256", try TestCertificates.pin(of: certificates.otherRoot), "--pin-sha256",
                try TestCertificates.pin(of: certificates.selfSigned.certificateFile),
            ]
            let server = try BadTLSServer.script(["smtp", "none", "cut"], certificate: certificates.selfSigned)
            let run = try server.send(trusting: nil, pins)
            #expect(run.status == 0, "\(run.output)")
        }
    }

    @Test func aWrongPinEndsBeforeThePasswordWithThePinsOfTheServer() async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            let wrong = try TestCertificates.pin(of: certificates.otherRoot)
            let right = try TestCertificates.pin(of: certificates.server.certificateFile)
            let server = try BadTLSServer.script(["smtp", "none", "cut"], certificate: certificates.server)
            // With the right anchors, too: a pin that is given counts.
            for anchors in [nil, certificates.root] {
                let run = try server.send(trusting: anchors, ["--pin-sha256", wrong])
                #expect(run.status == 76, "\(run.output)")
                #expect(run.errorLine.contains("no key of localhost is pinned"), "\(run.output)")
                #expect(run.errorLine.contains(right), "\(run.output)")
            }
            #expect(server.received() == "")
        }
    }

    /// Postfix takes the handshake of a client without a good certificate, and says in SMTP what it wants.
    @Test func postfixThatWantsACertificateGetsOurs() async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            let server = try MailServer.postfix(
                settings: "smtpd_tls_req_ccert = yes\nsmtpd_tls_CAfile = \(certificates.root)\n")
            let gateway = try Gateway(server: server)
            let mail = ["--subject", "s", "--body", "b", "--json"]
            let without = try gateway.send(mail)
            #expect(without.status == 75, "\(without.output)")
            #expect(without.errorLine.contains("No client certificate presented"), "\(without.output)")
            let own = certificates.clientPurpose
            let proof = ["--client-certificate", own.certificateFile, "--client-key", own.keyFile]
            for isResumed in [false, true] {
                let run = try gateway.send(mail + proof)
                #expect(run.status == 0, "\(run.output)")
                #expect(words(run.output).contains(Self.resumed) == isResumed, "\(run.output)")
            }
            let stranger = certificates.rsaServer
            let refused = try gateway.send(
                mail + ["--client-certificate", stranger.certificateFile, "--client-key", stranger.keyFile])
            #expect(refused.status == 75, "\(refused.output)")
            #expect(refused.errorLine.contains("Client certificate not trusted"), "\(refused.output)")
            #expect(try server.messages(2).count == 2)
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    struct Files: Sendable, CustomTestStringConvertible {
        let name: String
        /// Makes them in a folder, and answers with the options.
        let make: @Sendable (TestCertificates, String) throws -> [String]
        let says: [String]
        var testDescription: String { name }
    }

    static let files: [Files] = [
        Files(
            name: "a key that everybody may read",
            make: { certificates, folder in
                let key = try TestProcess.run(["cat", certificates.clientPurpose.keyFile])
                try TemporaryFolder.write(key, to: folder + "/key", mode: 0o644)
                return [certificates.clientPurpose.certificateFile, folder + "/key"]
            }, says: ["may be read or written by everybody", "chmod 600"]),
        Files(
            name: "an encrypted key",
            make: { certificates, folder in
                try TestProcess.run([
                    "openssl", "pkey", "-in", certificates.clientPurpose.keyFile, "-aes256", "-passout", "pass:x",
                    "-out", folder + "/key",
                ])
                return [certificates.clientPurpose.certificateFile, folder + "/key"]
            }, says: ["is encrypted", "without a passphrase"]),
        Files(
            name: "a key of another certificate",
            make: { certificates, _ in
                [certificates.clientPurpose.certificateFile, certificates.rsaServer.keyFile]
            }, says: ["does not fit", "name the key"]),
        Files(
            name: "a certificate in place of the key",
            make: { certificates, _ in [certificates.clientPurpose.certificateFile, certificates.root] },
            says: ["holds no private key", "PRIVATE KEY"]),
        Files(
            name: "a certificate that is not there",
            make: { certificates, folder in [folder + "/nothing", certificates.clientPurpose.keyFile] },
            says: ["No such file", "correct the path"]),
    ]

    /// Found before anything is opened: the port of the server is not even listened at.
    @Test(arguments: files) func filesOfTheClientAreCheckedBeforeAnythingIsOpened(_ test: Files) async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            let files = try test.make(certificates, folder)
            try TemporaryFolder.write(TestSecrets.password, to: folder + "/password")
            let client = try TestProcess.start([
                Gateway.programs + "/modemail", "send", "--via", "interface:lo", "--server",
                "smtps://gateway%40example.net@localhost:1", "--password-file", folder + "/password", "--state-dir",
                folder + "/state", "--from", Gateway.user, "--to", "ops@example.net", "--body", "b",
                "--client-certificate", files[0], "--client-key", files[1],
            ])
            client.endInput()
            let run = Gateway.Run(status: 0, output: client.readToEnd())
            #expect(client.wait() == 78, "\(run.output)")
            for words in test.says { #expect(run.errorLine.contains(words), "\(run.output)") }
        }
    }

    @Test func keysAreLoggedByTheOptionAlone() async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            let server = try BadTLSServer.script(["smtp", "none", "cut"], certificate: certificates.server)
            let (unasked, asked) = (server.directory + "/unasked", server.directory + "/asked")
            let silent = try server.send(trusting: certificates.root, environment: ["SSLKEYLOGFILE=\(unasked)"])
            #expect(silent.status == 0, "\(silent.output)")
            #expect(TemporaryFolder.read(unasked) == nil)
            let logged = try server.send(trusting: certificates.root, ["--tls-key-log", asked])
            #expect(logged.status == 0, "\(logged.output)")
            #expect(TemporaryFolder.read(asked)?.contains("CLIENT_TRAFFIC_SECRET_0 ") == true)
            #expect(try TestProcess.run(["stat", "-c", "%a", asked]) == "600\n")
        }
    }

    @Test(arguments: ["metered", "standard", "pinned"]) func theNextInvocationResumes(_ choice: String) async throws {
        try await onThread {
            let gateway = try Gateway(server: MailServer.postfix())
            let leaf = try TestCertificates.shared().server.certificateFile
            let options =
                choice == "pinned" ? ["--pin-sha256", try TestCertificates.pin(of: leaf)] : ["--link-profile", choice]
            for isResumed in [false, true] {
                let run = try gateway.send(["--subject", "s", "--body", "b", "--json"] + options)
                #expect(run.status == 0, "\(run.output)")
                #expect(words(run.output).contains(Self.resumed) == isResumed, "\(run.output)")
            }
        }
    }
}
