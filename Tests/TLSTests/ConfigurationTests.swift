import Credentials
import Scopes
import Support
import Testing

@testable import TLS

/// Files that the operator names, and what is said when they are wrong.
@Suite(.timeLimit(.minutes(5))) struct ConfigurationTests {
    let certificates: TestCertificates

    init() throws {
        certificates = try TestCertificates.shared()
    }

    private func refusal(of trust: TrustAnchors) -> TLSError? {
        do throws(TLSError) {
            _ = try TLSClientContext(TLSClientConfiguration(trust: trust))
            return nil
        } catch {
            return error
        }
    }

    private func check(_ error: TLSError?, says words: String, advice: String) {
        #expect(error?.summary.contains(words) == true, "\(error?.line ?? "no error")")
        #expect(error?.advice?.contains(advice) == true, "\(error?.line ?? "no error")")
        #expect(error?.exitStatus == .configuration)
    }

    @Test func anAnchorFileThatIsNotThere() throws {
        let path = try temporaryPath()
        check(
            refusal(of: .file(path)), says: "the trust anchor file \(path) cannot be read: No such file", advice: "path"
        )
    }

    @Test func anAnchorFileThatIsADirectory() {
        check(refusal(of: .file(certificates.directory)), says: "Is a directory", advice: "name a file")
    }

    @Test func anEmptyAnchorFile() throws {
        check(refusal(of: .file(try temporaryFile(""))), says: "is empty", advice: "PEM")
    }

    @Test func anAnchorFileOfProse() throws {
        check(
            refusal(of: .file(try temporaryFile("hello\n"))), says: "holds no certificate", advice: "BEGIN CERTIFICATE")
    }

    @Test func anAnchorFileThatIsAKey() {
        check(refusal(of: .file(certificates.server.keyFile)), says: "holds no certificate", advice: "private key")
    }

    @Test func anAnchorFileInDER() throws {
        let path = try temporaryPath()
        try TestProcess.run(["openssl", "x509", "-in", certificates.root, "-outform", "der", "-out", path])
        check(refusal(of: .file(path)), says: "holds no certificate", advice: "openssl x509 -inform der")
    }

    @Test func aDamagedCertificateIsCounted() throws {
        let good = try TestProcess.run(["cat", certificates.root])
        let damaged = good.replacingEveryOther("M", by: "N")
        check(
            refusal(of: .file(try temporaryFile(good + damaged))), says: "certificate 2 of",
            advice: "copy the file again")
    }

    @Test func anAnchorFileLargerThanTheLimit() throws {
        let path = try temporaryPath()
        try TestProcess.run(["truncate", "-s", String(ConfiguredFile.octetsLimit + 1), path])
        check(refusal(of: .file(path)), says: "larger than", advice: "right file")
        try TestProcess.run(["truncate", "-s", String(ConfiguredFile.octetsLimit), path])
        check(refusal(of: .file(path)), says: "holds no certificate", advice: "PEM")
    }

    @Test func severalAnchorsInOneFileAreAllTrusted() async throws {
        let both = try TestProcess.run(["cat", certificates.otherRoot, certificates.root])
        let client = try TLSClientContext(trusting: temporaryFile("comment\n" + both))
        #expect(try await failure(client, TLSServerContext(certificates.server)) == nil)
        #expect(client.trust.summary.anchors == 2)
    }

    @Test func aKeyOfAnotherCertificate() {
        #expect {
            try TLSServerContext(
                identity: TLSIdentity(
                    certificateFile: certificates.server.certificateFile, keyFile: certificates.rsaServer.keyFile))
        } throws: { error in (error as? TLSError)?.summary.contains("does not fit") == true }
    }

    @Test func anEncryptedKeyIsNotAskedFor() throws {
        let path = try temporaryPath()
        try TestProcess.run([
            "openssl", "pkey", "-in", certificates.server.keyFile, "-aes256", "-passout", "pass:x", "-out", path,
        ])
        #expect {
            try TLSServerContext(
                identity: TLSIdentity(certificateFile: certificates.server.certificateFile, keyFile: path))
        } throws: { error in
            guard let error = error as? TLSError else { return false }
            return error.summary.contains("is encrypted") && error.advice?.contains("without a passphrase") == true
        }
    }

    @Test(arguments: [("604", false), ("602", false), ("640", true)])
    func aKeyThatEverybodyMayReadIsRefused(mode: String, isFine: Bool) throws {
        let path = try temporaryFile(TestProcess.run(["cat", certificates.server.keyFile]))
        try TestProcess.run(["chmod", mode, path])
        let identity = TLSIdentity(certificateFile: certificates.server.certificateFile, keyFile: path)
        if isFine {
            _ = try TLSServerContext(identity: identity)
        } else {
            #expect {
                try TLSServerContext(identity: identity)
            } throws: { error in
                guard let error = error as? TLSError else { return false }
                return error.line.contains("chmod 600") && error.exitStatus == .configuration
            }
        }
    }

    @Test func aKeyMayBeGivenAsText() throws {
        let text = Secret(try TestProcess.run(["cat", certificates.server.keyFile]))
        let identity = TLSIdentity(
            certificateFile: certificates.server.certificateFile, key: .text(text, name: "credential:mail"))
        _ = try TLSServerContext(identity: identity)
        var broken = identity
        broken.certificateFile = certificates.rsaServer.certificateFile
        #expect {
            try TLSServerContext(identity: broken)
        } throws: { error in
            (error as? TLSError)?.summary.hasPrefix("the key credential:mail does not fit") == true
        }
    }

    @Test func theHashedDirectoryIsReadWhenAChainNamesItsRoot() async throws {
        let system = SystemTrust(directories: [nil, "/nonexistent", certificates.hashedDirectory], bundles: [])
        #expect(system.directory == certificates.hashedDirectory)
        let client = try TLSClientContext(TLSClientConfiguration(trust: .system), system: system)
        #expect(try await failure(client, TLSServerContext(certificates.server)) == nil)
        let refused = try await failure(client, TLSServerContext(certificates.rsaServer))
        guard case .certificate(let failure)? = refused else {
            Issue.record("no certificate failure")
            return
        }
        #expect(failure.code == 20)
        #expect(failure.trust.source.contains(certificates.hashedDirectory))
        #expect(failure.trust.anchors == 1)
    }

    @Test func aBundleServesWhereNoDirectoryIs() async throws {
        let system = SystemTrust(directories: ["/nonexistent"], bundles: [nil, "/nonexistent.pem", certificates.root])
        let client = try TLSClientContext(TLSClientConfiguration(trust: .system), system: system)
        #expect(try await failure(client, TLSServerContext(certificates.server)) == nil)
        #expect(client.trust.summary.anchors == 1)
    }

    @Test func aSystemWithoutCertificatesIsToldSo() {
        let system = SystemTrust(directories: ["/nonexistent"], bundles: ["/nonexistent.pem"])
        #expect { try TLSClientContext(TLSClientConfiguration(trust: .system), system: system) } throws: { error in
            guard let error = error as? TLSError else { return false }
            return error.advice?.contains("ca-certificates") == true && error.exitStatus == .configuration
        }
    }

    @Test func aClientProvesItselfWhenTheServerAsks() throws {
        let configuration = TLSClientConfiguration(
            trust: .file(certificates.root),
            identity: TLSIdentity(
                certificateFile: certificates.clientPurpose.certificateFile, keyFile: certificates.clientPurpose.keyFile
            ))
        _ = try TLSClientContext(configuration)
        var broken = configuration
        broken.identity?.key = .file(certificates.root)
        #expect { try TLSClientContext(broken) } throws: { error in
            (error as? TLSError)?.summary.contains("holds no private key") == true
        }
    }

    @Test func keysAreLoggedOnlyWhenAskedAndForTheOwnerAlone() async throws {
        let path = try temporaryPath()
        let configuration = TLSClientConfiguration(trust: .file(certificates.root), keyLogFile: path)
        #expect(try await failure(TLSClientContext(configuration), TLSServerContext(certificates.server)) == nil)
        let text = try TestProcess.run(["cat", path])
        #expect(text.contains("CLIENT_HANDSHAKE_TRAFFIC_SECRET "))
        #expect(text.split(separator: "\n").allSatisfy { $0.split(separator: " ").count == 3 })
        #expect(try TestProcess.run(["stat", "-c", "%a", path]) == "600\n")
        // The next connection's are appended; a file that others can read gets none.
        #expect(try await failure(TLSClientContext(configuration), TLSServerContext(certificates.server)) == nil)
        let both = try TestProcess.run(["cat", path])
        #expect(both.hasPrefix(text) && both.utf8.count > text.utf8.count)
        try TestProcess.run(["chmod", "644", path])
        #expect { try TLSClientContext(configuration) } throws: { error in
            (error as? TLSError)?.summary.contains("may be read or written by everybody") == true
        }
    }
}

extension String {
    fileprivate func replacingEveryOther(_ letter: Character, by other: Character) -> String {
        var isOdd = false
        return String(
            split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.hasPrefix("-")
                    ? String(line)
                    : String(
                        line.map { character in
                            guard character == letter else { return character }
                            isOdd.toggle()
                            return isOdd ? other : character
                        })
            }.joined(separator: "\n"))
    }
}
