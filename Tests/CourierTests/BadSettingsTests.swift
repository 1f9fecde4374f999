import Glibc
import Support
import Testing

/// Each kind of mistake in the settings, as `config check` says it: one line with place, cause and remedy, status 78, no
/// secret, no control character.
@Suite(.timeLimit(.minutes(15))) struct BadSettingsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: [UInt8]
        /// Line and column, as `2:1`; nil where a whole file is wrong.
        let place: String?
        let says: [String]
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ place: String?, _ says: String...) {
            self.init(name, octets: Array(text.utf8), place, says)
        }

        init(_ name: String, octets: [UInt8], _ place: String?, _ says: [String]) {
            self.name = name
            text = octets
            self.place = place
            self.says = says
        }
    }

    private static let secret = TestSecrets.password

    static let names: [Case] = [
        Case("unknown key", "apn: x\nsever: y\n", "2:1", "no setting sever", "did you mean server?"),
        Case("unknown key within", "timeouts:\n  conect: 5s\n", "2:3", "timeouts.conect", "did you mean connect?"),
        Case("underscore", "password_file: x\n", "1:1", "did you mean password-file?"),
        Case("capitals", "APN: x\n", "1:1", "did you mean apn?"),
        Case("a secret under a name of its own", "password: \(secret)\n", "1:1", "did you mean password-file?"),
        Case(
            "another program's key", "modems:\n  - device: /dev/x\n    pin: \(TestSecrets.pin)\n", "3:5", "modems.pin"),
        Case("key twice", "apn: a\nbaud: 9600\napn: b\n", "3:1", "apn is there twice"),
        Case("key twice within", "timeouts: {connect: 5s, connect: 6s}\n", "1:25", "connect is there twice"),
        Case("line ends of another system", "apn: x\r\nsever: y\r\n", "2:1", "did you mean server?"),
        Case("terminal escape as a key", "\"a\\e[2J\": 1\n", "1:1", "\\x1b[2J"),
    ]

    static let forms: [Case] = [
        Case("list for a value", "apn: [a, b]\n", "1:6", "takes one value"),
        Case("mapping for a value", "server: {host: x}\n", "1:9", "takes one value"),
        Case("value for a mapping", "timeouts: 5m\n", "1:11", "takes a mapping of", "connect"),
        Case("list for a mapping", "timeouts: [5m]\n", "1:11", "takes a mapping of"),
        Case("value for a list", "modems: /dev/x\n", "1:9", "takes a list"),
        Case("mapping for words", "to: {a: b}\n", "1:5", "a value or a list"),
        Case("list within words", "to: [[a]]\n", "1:6", "takes one value"),
        Case("no value", "apn:\nbaud: 9600\n", "1:5", "has no value"),
        Case("empty text", "apn: ''\n", "1:6", "has no value"),
        Case("tilde", "apn: ~\n", "1:6", "has no value"),
    ]

    static let values: [Case] = [
        Case("truth", "timeline: maybe\n", "1:11", "neither true nor false"),
        Case("duration without a unit", "wait: 90\n", "1:7", "needs a unit", "as in 90s"),
        Case("unit of another kind", "wait: 5MB\n", "1:7", "needs a unit"),
        Case("negative duration", "wait: -5s\n", "1:7", "write it as 90s"),
        Case("fraction", "wait: 1.5h\n", "1:7", "needs a unit"),
        Case("too long", "wait: 1000d\n", "1:7", "longer than 366 days"),
        Case("limit of nothing", "timeouts: {total: 0s}\n", "1:19", "total must be longer than 0"),
        Case("limit of SMTP", "timeouts: {data-block: soon}\n", "1:24", "write it as 90s"),
        Case("size without a unit", "budget: {octets: 20}\n", "1:18", "write it as 500B"),
        Case("words for a number", "baud: fast\n", "1:7", "no whole number"),
        Case("number out of range", "device: /dev/x\nbaud: 1\n", "2:7", "not within 300 to 8000000"),
        Case("number beyond all", "device: /dev/x\nbaud: 99999999999999999999\n", "2:7", "no whole number"),
        Case("choice", "device: /dev/x\nflow: hardware\n", "2:7", "none of none, rts-cts"),
        Case("yes for a choice", "roaming: yes\n", "1:10", "none of allow, deny"),
        Case("bearer without a name", "via: 'interface:'\n", "1:6", "names no interface"),
        Case("mode of a dialect", "dialect: quectel/foo\n", "1:10", "/transparent"),
        Case("mechanism", "auth: kerberos\n", "1:7", "fewest-round-trips"),
        Case("name for EHLO", "ehlo: a_b\n", "1:7", "neither a host name"),
        Case("quote for the line", "device: /dev/x\napn: 'a\"b'\n", "2:6", "holds a quote"),
        Case("no AT command", "command-timeouts: {QIACT: 3m}\n", "1:27", "AT+QIACT: 150s"),
        Case("pin of a key", "pin-sha256: zz\n", "1:13", "44 characters of base64"),
    ]

    static let servers: [Case] = [
        Case("no URL", "server: mail.example.com\n", "1:9", "smtps://user@host"),
        Case("scheme", "server: https://mail.example.com\n", "1:9", "neither smtps nor smtp"),
        Case("port too large", "server: smtps://mail.example.com:70000\n", "1:9", "1 to 65535"),
        Case("port 0", "server: smtps://mail.example.com:0\n", "1:9", "1 to 65535"),
        Case("password in the URL", "server: smtps://u:\(secret)@mail.example.com\n", "1:9", "password-file"),
        Case("blank in the host", "server: smtps://mail example.com\n", "1:9", "no valid name"),
        Case("path", "server: smtps://mail.example.com/x\n", "1:9", "more than user, host and port"),
        Case("percent", "server: smtps://%zz@h.example\n", "1:9", "percent-encoded"),
        Case("user without a password", "apn: x\nserver: smtps://u@h.example\n", "2:9", "no password-file for it"),
        Case("password without a user", "server: smtps://h.example\npassword-file: p\n", "1:9", "names no user"),
        Case(
            "password file that is missing", "server: smtps://u@h.example\npassword-file: none\n", "2:16",
            "cannot be read"),
        Case(
            "PIN in place of its file", "device: /dev/x\nsim-pin-file: \(TestSecrets.pin)\n", "2:15",
            "not the PIN itself"),
        Case("certificates that are missing", "ca-file: none.pem\n", nil, "none.pem", "cannot be read"),
        Case("two bodies", "body: a\nbody-file: b\n", "2:12", "exclude each other"),
        Case("two kinds of modems", "device: /dev/a\nmodems: [{device: /dev/b}]\n", "2:9", "exclude each other"),
        Case("modem without a device", "modems: [{apn: x}]\n", "1:10", "has no device"),
    ]

    static let texts: [Case] = [
        Case("anchor", "apn: &a x\n", "1:6", "anchors (&)"),
        Case("alias", "apn: *a\n", "1:6", "aliases (*)"),
        Case("tag", "apn: !!str x\n", "1:6", "tags (!)"),
        Case("merge key", "<<: {apn: x}\n", "1:1", "no setting <<"),
        Case("tab", "timeouts:\n\tconnect: 5s\n", "2:1", "a tab cannot indent", "blanks"),
        Case("two documents", "apn: x\n---\napn: y\n", "3:1", "second document"),
        Case("too deep", "a: \(String(repeating: "[", count: 20))\n", "1:12", "nested too deep"),
        Case("open list", "apn: [a\n", "2:1", "expected ',' or ']'"),
        Case("open quote", "apn: \"abc\n", "2:1", "unexpected end"),
        Case("two colons", "apn: a: b\n", "1:7", "mapping values"),
        Case("no blank behind the colon", "apn:internet\n", "1:1", "a blank behind the colon"),
        Case("list of settings", "- apn\n", "1:1", "no mapping of settings"),
        Case("key that is a list", "? [a]\n: b\n", "1:3", "a key must be plain text"),
        Case("too many values", String(repeating: "- x\n", count: 20_000), "10000:3", "more than 10000 values"),
        Case("too large", "apn: " + String(repeating: "x", count: 300_000), nil, "larger than 262144 octets"),
        Case("binary", octets: (0...255).map { UInt8($0) }, "1:1", ["control characters"]),
        Case("another character set", octets: Array("apn: caf".utf8) + [0xE9, 0x0A], "1:9", ["UTF-8"]),
        Case("UTF-16", octets: [0xFF, 0xFE, 0x61, 0, 0x3A, 0], "1:1", ["UTF-8"]),
    ]

    @Test(arguments: names + forms + values + servers + texts)
    func isSaidInOneLineWithItsPlace(_ test: Case) async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(test.text, to: folder + "/settings.yaml")
            let output = try Self.check(["HOME=\(folder)"], folder + "/settings.yaml")
            if let place = test.place { #expect(output.contains("settings.yaml:\(place)"), "\(output)") }
            for word in test.says { #expect(output.contains(word), "\(output)") }
        }
    }

    @Test(arguments: [
        (["MODEMAIL_SERVR=x"], ["MODEMAIL_SERVR", "did you mean MODEMAIL_SERVER?"]),
        (["MODEMAIL_PASSWORD_FIEL=x"], ["did you mean MODEMAIL_PASSWORD_FILE?"]),
        (["MODEMAIL_WAIT=5"], ["MODEMAIL_WAIT: '5' needs a unit"]),
        (["MODEMAIL_TIMEOUTS=x"], ["only be set in the file"]),
        (["MODEMAIL_DEVICE=/dev/a\n/dev/b"], ["MODEMAIL_DEVICE", "control character"]),
        (["MODEMAIL_\u{1B}[2J=x"], ["\\x1b[2J"]),
        (["MODEMAIL_SERVER=smtps://h.example:0"], ["MODEMAIL_SERVER", "1 to 65535"]),
        (["MODEMAIL_SERVER=smtps://u@h.example"], ["MODEMAIL_SERVER", "no password-file"]),
    ])
    func theEnvironmentIsNamedByItsVariable(_ variables: [String], _ says: [String]) async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("apn: x\n", to: folder + "/settings.yaml")
            let output = try Self.check(["HOME=\(folder)"] + variables, folder + "/settings.yaml")
            for word in says { #expect(output.contains(word), "\(output)") }
        }
    }

    /// What is no file of settings, by its kind; a pipe without a writer holds nobody up.
    @Test func aPathThatIsNoFileIsSaidSo() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            for (path, words) in [
                (folder, "Is a directory"), ("/dev/zero", "larger than"), (folder + "/none.yaml", "No such file"),
                (folder + "/none/x.yaml", "No such file"),
            ] {
                let output = try Self.check(["HOME=\(folder)"], path)
                #expect(output.contains(path) && output.contains(words), "\(output)")
            }
            try #require(unsafe mkfifo(folder + "/pipe", 0o600) == 0)
            let silent = try TestProcess.start(
                ["timeout", "20", Gateway.programs + "/modemail", "config", "check", "--config", folder + "/pipe"])
            #expect(silent.readToEnd().contains("valid"))
            #expect(silent.wait() == 0)
        }
    }

    /// What `config check` says of a wrong file, without the ends of its line.
    private static func check(_ environment: [String], _ file: String) throws -> String {
        let process = try TestProcess.start(
            ["env", "-i"] + environment + [Gateway.programs + "/modemail", "config", "check", "--config", file])
        process.endInput()
        let output = process.readToEnd()
        #expect(process.wait() == 78, "\(output)")
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines[0].hasPrefix("modemail: ") && lines[1].isEmpty, "\(output)")
        #expect(!output.dropLast().unicodeScalars.contains { $0.value < 0x20 }, "\(output)")
        for secret in [TestSecrets.password, TestSecrets.pin] where output.contains(secret) {
            Issue.record("a secret was shown")
        }
        return String(lines[0])
    }
}
