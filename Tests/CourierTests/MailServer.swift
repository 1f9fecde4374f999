import Support

/// A real mail server on loopback that stores what it gets: aiosmtpd, a Postfix or an Exim of its own, or one of Python for
/// mechanisms of AUTH that none of them has.
final class MailServer: Sendable {
    let port: Int
    let isStartTLS: Bool
    /// The anchor file that a client needs.
    let anchors: String
    private let directory: String
    private let process: TestProcess?
    /// What ends a server that is no process of ours.
    private let stopping: [String]
    /// Where Postfix and Exim store; nil for the others.
    private let maildir: String?

    /// - Parameters:
    ///   - certificate: the good one when nil.
    ///   - options: of Tests/Programs/mail-server.py.
    static func aiosmtpd(
        startTLS: Bool = false, certificate: TestCertificates.Server? = nil, options: [String] = []
    ) throws -> MailServer {
        try python(
            "mail-server.py", certificate: certificate, isStartTLS: startTLS,
            options: options + (startTLS ? ["--starttls"] : []))
    }

    /// Implicit TLS, and these mechanisms of AUTH.
    ///
    /// - Parameter options: of Tests/Programs/sasl-server.py.
    static func sasl(_ mechanisms: [String], options: [String] = []) throws -> MailServer {
        try python(
            "sasl-server.py", certificate: nil, isStartTLS: false,
            options: mechanisms.flatMap { ["--mechanism", $0] } + options)
    }

    private static func python(
        _ program: String, certificate: TestCertificates.Server?, isStartTLS: Bool, options: [String]
    ) throws -> MailServer {
        let certificates = try TestCertificates.shared()
        let certificate = certificate ?? certificates.server
        let directory = try TemporaryFolder.make()
        try TemporaryFolder.write(TestSecrets.password, to: directory + "/password")
        let process = try TestProcess.start(
            [
                "/usr/bin/python3", Gateway.root + "/Tests/Programs/" + program, "--certificate",
                certificate.certificateFile, "--key", certificate.keyFile, "--directory", directory,
                "--user", Gateway.user, "--password-file", directory + "/password",
            ] + options)
        guard let output = process.readUntil("\n"), output.hasPrefix("ready "),
            let port = Int(output.dropFirst(6).prefix { $0.isNumber })
        else {
            throw TestProcess.Failure.ended(program: program, status: process.wait(), output: process.readToEnd())
        }
        return MailServer(
            port: port, isStartTLS: isStartTLS, anchors: certificates.root, directory: directory, process: process,
            stopping: [], maildir: nil)
    }

    /// - Parameters:
    ///   - settings: further lines of main.cf.
    ///   - mechanisms: of AUTH.
    static func postfix(
        startTLS: Bool = false, settings: String = "", mechanisms: [String] = ["PLAIN", "LOGIN"]
    ) throws -> MailServer {
        let directory = try TemporaryFolder.make()
        try TemporaryFolder.write(settings, to: directory + "/extra.cf")
        try TemporaryFolder.write(mechanisms.joined(separator: " "), to: directory + "/mechanisms")
        return try script("postfix-server", directory, isStartTLS: startTLS)
    }

    /// PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256, and EXTERNAL for clients whose certificate is below the tests' root.
    static func exim(startTLS: Bool = false) throws -> MailServer {
        let root = try TestCertificates.shared().root
        return try script("exim-server", try TemporaryFolder.make(), isStartTLS: startTLS, options: [root])
    }

    private static func script(
        _ name: String, _ directory: String, isStartTLS: Bool, options: [String] = []
    ) throws -> MailServer {
        let certificates = try TestCertificates.shared()
        try TemporaryFolder.write(TestSecrets.password, to: directory + "/password")
        let script = Gateway.root + "/scripts/" + name
        let output = try TestProcess.run(
            [
                script, "start", directory, certificates.server.certificateFile, certificates.server.keyFile,
                Gateway.user, directory + "/password",
            ] + options)
        let word = isStartTLS ? "submission " : "smtps "
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix(word) }),
            let port = Int(line.dropFirst(word.count))
        else { throw TestProcess.Failure.ended(program: name, status: 0, output: output) }
        return MailServer(
            port: port, isStartTLS: isStartTLS, anchors: certificates.root, directory: directory, process: nil,
            stopping: [script, "stop", directory], maildir: directory + "/maildir/new")
    }

    /// A server that somebody else started, and that keeps nothing.
    static func elsewhere(port: Int, isStartTLS: Bool) throws -> MailServer {
        MailServer(
            port: port, isStartTLS: isStartTLS, anchors: try TestCertificates.shared().root,
            directory: try TemporaryFolder.make(), process: nil, stopping: [], maildir: nil)
    }

    private init(
        port: Int, isStartTLS: Bool, anchors: String, directory: String, process: TestProcess?, stopping: [String],
        maildir: String?
    ) {
        self.port = port
        self.isStartTLS = isStartTLS
        self.anchors = anchors
        self.directory = directory
        self.process = process
        self.stopping = stopping
        self.maildir = maildir
    }

    /// How the sender of each message logged in, as the server's own log has it, in the order of arrival: `sasl_method=PLAIN`
    /// of Postfix, `A=plain:` of Exim, or the words of sasl-server.py.
    func logins() -> [String] {
        if let log = TemporaryFolder.read(directory + "/postfix.log") {
            return log.split(whereSeparator: { " ,\n".contains($0) }).filter { $0.hasPrefix("sasl_method=") }
                .map(String.init)
        }
        if let log = TemporaryFolder.read(directory + "/log/mainlog") {
            return log.split(whereSeparator: { " \n".contains($0) }).filter { $0.hasPrefix("A=") }.map(String.init)
        }
        return TemporaryFolder.names(directory).filter { $0.hasSuffix(".login") }
            .compactMap { TemporaryFolder.read("\(directory)/\($0)") }
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
        if !stopping.isEmpty { _ = try? TestProcess.run(stopping) }
    }

    deinit {
        stop()
        TemporaryFolder.remove(directory)
    }
}
