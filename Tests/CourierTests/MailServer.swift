import Support

/// A real mail server on loopback that stores what it gets: aiosmtpd, or a Postfix of its own.
final class MailServer: Sendable {
    let port: Int
    let isStartTLS: Bool
    /// The anchor file that a client needs.
    let anchors: String
    private let directory: String
    private let process: TestProcess?
    /// Where Postfix stores; nil for aiosmtpd.
    private let maildir: String?

    /// - Parameters:
    ///   - certificate: the good one when nil.
    ///   - options: of Tests/Programs/mail-server.py.
    static func aiosmtpd(
        startTLS: Bool = false, certificate: TestCertificates.Server? = nil, options: [String] = []
    ) throws -> MailServer {
        let certificates = try TestCertificates.shared()
        let certificate = certificate ?? certificates.server
        let directory = try TemporaryFolder.make()
        try TemporaryFolder.write(TestSecrets.password, to: directory + "/password")
        var words = [
            "/usr/bin/python3", Gateway.root + "/Tests/Programs/mail-server.py", "--certificate",
            certificate.certificateFile, "--key", certificate.keyFile, "--directory", directory,
            "--user", Gateway.user, "--password-file", directory + "/password",
        ]
        if startTLS { words.append("--starttls") }
        let process = try TestProcess.start(words + options)
        guard let output = process.readUntil("\n"), output.hasPrefix("ready "),
            let port = Int(output.dropFirst(6).prefix { $0.isNumber })
        else {
            throw TestProcess.Failure.ended(program: "aiosmtpd", status: process.wait(), output: process.readToEnd())
        }
        return MailServer(
            port: port, isStartTLS: startTLS, anchors: certificates.root, directory: directory, process: process,
            maildir: nil)
    }

    /// - Parameter settings: further lines of main.cf.
    static func postfix(startTLS: Bool = false, settings: String = "") throws -> MailServer {
        let certificates = try TestCertificates.shared()
        let directory = try TemporaryFolder.make()
        try TemporaryFolder.write(TestSecrets.password, to: directory + "/password")
        try TemporaryFolder.write(settings, to: directory + "/extra.cf")
        let output = try TestProcess.run([
            Gateway.root + "/scripts/postfix-server", "start", directory, certificates.server.certificateFile,
            certificates.server.keyFile, Gateway.user, directory + "/password",
        ])
        let word = startTLS ? "submission " : "smtps "
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix(word) }),
            let port = Int(line.dropFirst(word.count))
        else { throw TestProcess.Failure.ended(program: "postfix", status: 0, output: output) }
        return MailServer(
            port: port, isStartTLS: startTLS, anchors: certificates.root, directory: directory, process: nil,
            maildir: directory + "/maildir/new")
    }

    private init(
        port: Int, isStartTLS: Bool, anchors: String, directory: String, process: TestProcess?, maildir: String?
    ) {
        self.port = port
        self.isStartTLS = isStartTLS
        self.anchors = anchors
        self.directory = directory
        self.process = process
        self.maildir = maildir
    }

    /// The messages stored so far, in no order. Postfix delivers after its reply: this waits for `count` of them.
    func messages(_ count: Int) throws -> [[UInt8]] {
        guard let maildir else {
            return TemporaryFolder.names(directory).filter { $0.hasSuffix(".message") }
                .compactMap { TemporaryFolder.octets("\(directory)/\($0)") }
        }
        // `inotifywait` would be a package more for the same: the shell looks until they are there, for ten seconds.
        let script =
            #"i=0; until [ "$(ls "$0" 2>/dev/null | wc -l)" -ge "$1" ]; do i=$((i+1)); [ $i -lt 200 ] || exit 1; sleep 0.05; done"#
        _ = try? TestProcess.run(["sh", "-c", script, maildir, String(count)])
        return TemporaryFolder.names(maildir).compactMap { TemporaryFolder.octets("\(maildir)/\($0)") }
    }

    /// Returns when a server that stalls has come to that place.
    func waitUntilStalled() throws {
        try TemporaryFolder.wait(for: "stalled", in: directory) { _ in true }
    }

    func stop() {
        process?.stop()
        if maildir != nil {
            _ = try? TestProcess.run([Gateway.root + "/scripts/postfix-server", "stop", directory])
        }
    }

    deinit {
        stop()
        TemporaryFolder.remove(directory)
    }
}
