import Support

/// A server of TLS on loopback that is bad in one way, and what it got to read.
final class BadTLSServer: Sendable {
    let port: Int
    /// Holds the client's files, too.
    let directory: String
    private let process: TestProcess
    /// Whether what it read is on its output, and not in a file.
    private let isOpenSSL: Bool

    /// Tests/Programs/bad-tls-server.py with these words.
    static func script(_ words: [String], certificate: TestCertificates.Server) throws -> BadTLSServer {
        let directory = try TemporaryFolder.make()
        let process = try TestProcess.start(
            [
                "/usr/bin/python3", Gateway.root + "/Tests/Programs/bad-tls-server.py", "--certificate",
                certificate.certificateFile, "--key", certificate.keyFile, "--directory", directory,
            ] + words)
        return try BadTLSServer(process, sign: "ready ", directory: directory, isOpenSSL: false)
    }

    /// `openssl s_server` with these options. It prints what it reads.
    static func openSSL(_ options: [String], certificate: TestCertificates.Server) throws -> BadTLSServer {
        let certificates = try TestCertificates.shared()
        let process = try TestProcess.start(
            [
                "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.certificateFile, "-key",
                certificate.keyFile, "-cert_chain", "intermediate.pem",
            ] + options, directory: certificates.directory)
        return try BadTLSServer(
            process, sign: "ACCEPT 127.0.0.1:", directory: TemporaryFolder.make(), isOpenSSL: true)
    }

    private init(_ process: TestProcess, sign: String, directory: String, isOpenSSL: Bool) throws {
        var output = ""
        var port: Int?
        while port == nil, let more = process.readUntil("\n") {
            output += more
            port =
                output.split(separator: "\n").lazy.filter { $0.hasPrefix(sign) }
                .compactMap { Int($0.dropFirst(sign.count)) }.first
        }
        guard let port else {
            throw TestProcess.Failure.ended(program: "server", status: process.wait(), output: output)
        }
        self.port = port
        self.directory = directory
        self.process = process
        self.isOpenSSL = isOpenSSL
    }

    /// Ends it, and answers with what clients told it under TLS.
    func received() -> String {
        process.stop()
        return isOpenSSL ? process.readToEnd() : TemporaryFolder.read(directory + "/received") ?? ""
    }

    /// Sends one mail to it, without a modem.
    /// - Parameters:
    ///   - limit: of the TLS handshake.
    ///   - environment: words for env(1).
    func send(
        trusting anchors: String?, limit: String = "90s", _ options: [String] = [], environment: [String] = []
    ) throws -> Gateway.Run {
        try TemporaryFolder.write(TestSecrets.password, to: directory + "/password")
        try TemporaryFolder.write("timeouts: {tls: \(limit)}\n", to: directory + "/modemail.yaml")
        let trust = anchors.map { ["--ca-file", $0] } ?? []
        let client = try TestProcess.start(
            ["env"] + environment + [
                Gateway.programs + "/modemail", "send", "--config", directory + "/modemail.yaml", "--via",
                "interface:lo",
                "--server", "smtps://gateway%40example.net@localhost:\(port)", "--password-file",
                directory + "/password", "--state-dir", directory + "/state", "--from", Gateway.user, "--to",
                "ops@example.net", "--subject", "s", "--body-file", "-",
            ] + trust + options)
        client.write(TestSecrets.body)
        client.endInput()
        let output = client.readToEnd()
        return Gateway.Run(status: client.wait(), output: output)
    }

    deinit {
        process.stop()
        TemporaryFolder.remove(directory)
    }
}

extension Gateway.Run {
    /// The one line that says why, for a person.
    var errorLine: String {
        output.split(separator: "\n").last { $0.hasPrefix("modemail: ") }.map(String.init) ?? ""
    }
}
