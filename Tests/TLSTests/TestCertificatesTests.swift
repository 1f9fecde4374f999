import Support
import Testing

@Suite struct TestCertificatesTests {
    @Test func theChainsVerifyAsAnIndependentProgramSeesThem() throws {
        let certificates = try TestCertificates.shared()
        try TestProcess.run([
            "openssl", "verify", "-CAfile", certificates.root, "-untrusted", certificates.server.certificateFile,
            "-verify_hostname", TestCertificates.host, certificates.server.certificateFile,
        ])
        #expect(throws: TestProcess.Failure.self) {
            try TestProcess.run([
                "openssl", "verify", "-CAfile", certificates.root, certificates.expired.certificateFile,
            ])
        }
    }
}
