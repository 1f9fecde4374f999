import Support
import Testing

/// What a user can get wrong without a modem: one line on stderr that names what, where and what to do, and the right status.
@Suite(.timeLimit(.minutes(15))) struct WrongUseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let words: [String]
        let status: Int32
        /// Each must stand in the one line.
        let says: [String]
        var testDescription: String { words.joined(separator: " ") }
    }

    /// DIR is the test's folder.
    private static let message = ["--from", "a@example.net", "--to", "b@example.net"]
    private static let server = ["--server", "smtps://mail.example.test"]

    static let cases: [Case] = [
        Case(words: ["send", "--colour", "blue"], status: 64, says: ["--colour"]),
        Case(words: ["sned"], status: 64, says: ["sned"]),
        Case(words: ["send"] + message + ["--device", "DIR/modem"], status: 78, says: ["--server"]),
        Case(words: ["send"] + server + message, status: 78, says: ["--device"]),
        Case(words: ["send"] + server + ["--to", "b@example.net"], status: 64, says: ["--from"]),
        Case(words: ["send"] + server + ["--from", "a@example.net"], status: 64, says: ["--to"]),
        Case(
            words: ["send"] + server + message + ["--body", "a", "--body-file", "DIR/x"], status: 64,
            says: ["body", "body-file"]),
        Case(
            words: ["send"] + server + message + ["--message", "DIR/x", "--subject", "s"], status: 64,
            says: ["message", "subject"]),
        Case(
            words: ["send"] + server + message + ["--subject", "a\r\nBcc: c@example.net"], status: 65, says: ["U+000D"]),
        Case(
            words: ["send"] + server + message + ["--header", "X-A: b\nX-C: d"], status: 65, says: ["X-A", "U+000A"]),
        Case(words: ["send"] + server + message + ["--header", "no colon"], status: 65, says: ["no colon"]),
        Case(words: ["send"] + server + ["--from", "a@example.net", "--to", "nobody"], status: 65, says: ["nobody"]),
        Case(
            words: ["send"] + server + ["--from", "a@exa mple.net", "--to", "b@example.net"], status: 65, says: ["mple"]
        ),
        Case(words: ["send"] + server + message + ["--attach", "DIR/missing"], status: 65, says: ["missing"]),
        Case(words: ["send"] + server + message + ["--attach", "DIR"], status: 65, says: ["regular file"]),
        Case(
            words: ["send", "--server", "http://mail.example.test"] + message, status: 64, says: ["smtps"]),
        Case(
            words: ["send", "--server", "smtps://u:secret@mail.example.test"] + message, status: 64,
            says: ["password-file"]),
        Case(words: ["send", "--baud", "fast"] + server + message, status: 64, says: ["baud"]),
        Case(words: ["send", "--wait", "5"] + server + message, status: 64, says: ["wait", "5"]),
        Case(words: ["send", "--via", "carrier-pigeon"] + server + message, status: 64, says: ["via"]),
        Case(
            words: ["send", "--device", "/dev/null"] + server + message, status: 78, says: ["/dev/null", "tty"]),
        Case(
            words: ["send", "--device", "DIR/missing"] + server + message, status: 69, says: ["missing"]),
        Case(
            words: ["send", "--device", "DIR/modem", "--apn", "inter\"net"] + server + message, status: 64,
            says: ["apn", "quote"]),
        Case(
            words: [
                "send", "--via", "interface:lo", "--server", "smtps://u@127.0.0.1:1", "--password-file", "DIR/open",
            ] + message, status: 78, says: ["open", "chmod"]),
        Case(
            words: [
                "send", "--via", "interface:lo", "--server", "smtps://127.0.0.1:1", "--ca-file", "DIR/open",
            ] + message, status: 78, says: ["open"]),
        Case(
            words: ["send", "--via", "interface:nosuch0", "--server", "smtps://127.0.0.1:1"] + message, status: 78,
            says: ["nosuch0"]),
        Case(
            words: ["send", "--via", "interface:lo", "--server", "smtps://127.0.0.1:1"] + message, status: 75,
            says: ["127.0.0.1", "refused"]),
        Case(
            words: ["send", "--via", "interface:lo", "--server", "smtps://u@127.0.0.1:1"] + message, status: 64,
            says: ["password-file"]),
        Case(
            words: ["send", "--config", "DIR/unknown-key.yaml"], status: 78,
            says: ["unknown-key.yaml:2:1", "pasword-file", "password-file"]),
        Case(words: ["send", "--config", "DIR/none.yaml"], status: 78, says: ["none.yaml"]),
        Case(words: ["config", "check", "--config", "DIR/broken.yaml"], status: 78, says: ["broken.yaml:2"]),
    ]

    @Test(arguments: cases) func isSaidInOneLineWithTheRightStatus(_ test: Case) async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("secret\n", to: folder + "/open", mode: 0o644)
            try TemporaryFolder.write("x", to: folder + "/x")
            try TemporaryFolder.write("apn: internet\npasword-file: /x\n", to: folder + "/unknown-key.yaml")
            try TemporaryFolder.write("apn: [internet\nserver: }\n", to: folder + "/broken.yaml")
            let words = test.words.map { $0.replacing("DIR", with: folder) }
            let process = try TestProcess.start(
                ["env", "-i", "HOME=\(folder)", Gateway.programs + "/modemail"] + words)
            process.endInput()
            let output = process.readToEnd()
            #expect(process.wait() == test.status, "\(output)")
            for word in test.says { #expect(output.contains(word), "\(output)") }
            let complaints = output.split(separator: "\n").filter {
                $0.contains("modemail: ") || $0.hasPrefix("Error: ")
            }
            #expect(complaints.count == 1, "\(output)")
        }
    }

    @Test func theSettingsThatCountAreShownWithTheirOriginAndWithoutSecrets() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(TestSecrets.password, to: folder + "/password")
            try TemporaryFolder.write(
                """
                apn: internet
                server: smtps://gateway%40example.com@mail.example.com
                password-file: \(folder)/password
                aliases: { root: ops@example.com }
                """, to: folder + "/modemail.yaml")
            let check = try TestProcess.run([
                Gateway.programs + "/modemail", "config", "check", "--config", folder + "/modemail.yaml",
            ])
            #expect(check.contains("valid"))
            let show = try TestProcess.run([
                "env", "MODEMAIL_APN=other", Gateway.programs + "/modemail", "config", "show", "--config",
                folder + "/modemail.yaml",
            ])
            #expect(show.contains("MODEMAIL_APN"))
            #expect(show.contains("other"))
            #expect(show.contains("modemail.yaml:2:"))
            #expect(!show.contains(TestSecrets.password))
        }
    }
}
