import Scopes
import Settings
import Testing

@Suite struct FileFormTests {
    @Test(arguments: [
        ("apn: [a]\n", "1:6: apn: takes one value"), ("apn: {a: b}\n", "1:6: apn: takes one value"),
        ("apn:\n", "apn: has no value"),
        ("apn: ~\n", "1:6: apn: has no value"), ("to: {a: b}\n", "1:5: to: takes a value or a list"),
        ("modems: /dev/x\n", "1:9: modems: takes a list"), ("aliases: [a]\n", "1:10: aliases: takes a mapping"),
        ("retry: 5m\n", "1:8: retry: takes a mapping of ceiling, first"),
        ("timeline: perhaps\n", "1:11: timeline: 'perhaps' is neither"),
        ("linger: 5\n", "1:9: linger: '5' needs a unit"),
        ("timeouts: {connect: 0s}\n", "1:21: timeouts: connect must be longer"),
        ("- a\n", "1:1: the file is no mapping"), ("text\n", "1:1: the file is no mapping"),
        ("rewrite-from: maybe\n", "1:15: rewrite-from: 'maybe'"),
        ("apn: \"a\\0b\"\n", "1:6: apn: holds a NUL"), ("a: 1\nb\n", "3:1: "),
    ])
    func aWrongFormIsNamedWithItsPlace(_ yaml: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: SettingsError.self) { try folder.load(yaml) }
        #expect(error?.line.contains(expected) == true, "\(error?.line ?? "taken")")
        #expect(error?.exitStatus == .configuration)
    }

    @Test func whatNeedsAFormCannotBeGivenAsOneWord() {
        let error = #expect(throws: SettingsError.self) {
            try Settings.load(file: nil, environment: ["MODEMAIL_ALIASES": "x"], flags: Flags())
        }
        #expect(error?.line == "MODEMAIL_ALIASES: can only be set in the file")
    }

    @Test func anErrorIsOneLineWhateverTheFileHolds() throws {
        let folder = try TemporaryFolder()
        for yaml in [
            "\"a\\r\\n\\e[2J\": 1\n", "via: \"x\\ny\\e\"\n", "retry: {\"\\n\": 1}\n", "aliases: {\"\\n\": {a: b}}\n",
        ] {
            let error = #expect(throws: SettingsError.self) { try folder.load(yaml) }
            #expect(error?.line.unicodeScalars.contains { $0.value < 0x20 } == false)
        }
    }
}
