import Credentials
import Glibc
import Scopes
import Settings
import Testing

@Suite struct ValuesTests {
    private func load(_ option: Option, _ value: String) throws -> Settings {
        try Settings.load(file: nil, environment: [:], flags: flags { $0.set(option, value) })
    }

    @Test(arguments: [
        ("smtps://h.example", "h.example", 465), ("smtp://h.example", "h.example", 587),
        ("SMTPS://H.Example:2465/", "h.example", 2465), ("smtp://[2001:db8::1]:25", "2001:db8::1", 25),
        ("smtps://192.0.2.1", "192.0.2.1", 465), ("smtps://localhost:10465", "localhost", 10_465),
    ])
    func serversAreURLs(_ text: String, _ host: String, _ port: Int) throws {
        let server = try load(.server, text).server
        #expect(server?.host == host && server?.port == port && server?.user == nil)
        #expect((server?.security == .startTLS) == text.hasPrefix("smtp:"))
    }

    @Test func theUserIsPercentDecoded() throws {
        let flags = flags {
            $0.set(.server, "smtps://gate%40way%3Ax%25@h.example")
            $0.set(.passwordFile, "p")
        }
        let server = try Settings.load(file: nil, environment: [:], flags: flags).server
        #expect(server?.user == "gate@way:x%")
        #expect(server?.description == "smtps://gate%40way%3Ax%25@h.example:465")
    }

    @Test(arguments: [
        "h.example", "http://h.example", "smtps://", "smtps://u@", "smtps://h.example:0", "smtps://h.example:65536",
        "smtps://h.example:", "smtps://h.example:x", "smtps://h.example/path", "smtps://h.example?x", "smtps://[::1",
        "smtps://[::1]x", "smtps://::1", "smtps://h_x.example", "smtps://-h.example", "smtps://bücher.example",
        "smtps://%zz@h.example",
        "smtps://%@h.example", "smtps://a%0d%0ab@h.example", "smtps://%ff@h.example", "smtps://@h.example",
        "smtps://h..example",
        "smtps://h.example\r\n", "smtps://[192.0.2.1]", "smtps:// h.example",
    ])
    func refusesServer(_ text: String) {
        #expect(throws: SettingsError.self) { try load(.server, text) }
    }

    @Test func aPasswordInTheURLIsRefusedAndNotRepeated() {
        let error = #expect(throws: SettingsError.self) { try load(.server, "smtps://user:hunter2@h.example") }
        #expect(error?.line.contains("hunter2") == false)
        #expect(error?.line.contains("password-file") == true)
    }

    @Test(arguments: [
        ("0", Duration.zero), ("250ms", .milliseconds(250)), ("90s", .seconds(90)), ("5m", .seconds(300)),
        ("2h", .seconds(7200)), ("366d", .seconds(366 * 86_400)),
    ])
    func durationsHaveUnits(_ text: String, _ expected: Duration) throws {
        #expect(try load(.wait, text).wait == expected)
    }

    @Test(arguments: [
        "", "90", "s", "-1s", "1.5h", "1w", "367d", "99999999999999999999s", "9223372036854775807d", "1 m x", "٣s",
    ])
    func refusesDuration(_ text: String) {
        #expect(throws: SettingsError.self) { try load(.wait, text) }
    }

    @Test(arguments: [
        ("500B", true), ("64kB", true), ("20MB", true), ("1GiB", true), ("20", false), ("MB", false),
        ("9223372036854775807GB", false),
    ])
    func sizesHaveUnits(_ text: String, _ isFine: Bool) throws {
        let folder = try TemporaryFolder()
        let yaml = "budget: {octets: \(text)}\n"
        if isFine { _ = try folder.load(yaml) } else { #expect(throws: SettingsError.self) { try folder.load(yaml) } }
    }

    @Test func theWaysToASocketHaveNames() throws {
        #expect(try load(.via, "auto").via == .auto)
        #expect(try load(.via, "socket").via == .socket)
        #expect(try load(.via, "ppp").via == .ppp)
        #expect(try load(.via, "interface:wwan0").via == .interface("wwan0"))
        for text in [
            "pppd", "interface:", "interface:abcdefghijklmnop", "interface:a/b", "interface:..", "interface:a b", "x",
        ] {
            #expect(throws: SettingsError.self) { try load(.via, text) }
        }
        #expect(try load(.via, "interface:abcdefghijklmno").via == .interface("abcdefghijklmno"))
    }

    @Test func dialectsMayNameAMode() throws {
        #expect(try load(.dialect, "auto").dialect.name == nil)
        let dialect = try load(.dialect, "quectel/transparent").dialect
        #expect(dialect.name == "quectel" && dialect.mode == .transparent)
        #expect(try load(.dialect, "quectel").dialect.mode == nil)
        for text in ["", "/transparent", "quectel/", "quectel/x", "quectel/push/push", "a b"] {
            #expect(throws: SettingsError.self) { try load(.dialect, text) }
        }
    }

    @Test func devicesThatAreNotSupportedYetAreRefusedClearly() throws {
        #expect(try load(.device, "/dev/ttyUSB2").modems[0].device == .path("/dev/ttyUSB2"))
        for text in ["auto", "usb:1-1.2", "imei:123456789012345"] {
            let error = #expect(throws: SettingsError.self) { try load(.device, text) }
            #expect(error?.summary.contains("not supported yet") == true)
        }
        #expect(throws: SettingsError.self) { try load(.device, "") }
        #expect(throws: SettingsError.self) { try load(.device, "/dev/x\ny") }
    }

    @Test func choicesNameWhatTheyTake() throws {
        #expect(try load(.flow, "rts-cts").listing.contains { $0.key == "flow" && $0.value == "rts-cts" })
        let error = #expect(throws: SettingsError.self) { try load(.roaming, "maybe") }
        #expect(error?.summary == "--roaming: 'maybe' is none of allow, deny")
        #expect(throws: SettingsError.self) { try load(.flow, "xon") }
    }

    @Test func authIsAPreferenceOrAMechanism() throws {
        #expect(try load(.auth, "fewest-round-trips").auth == .fewestRoundTrips)
        #expect(try load(.auth, "none").auth == AuthChoice.none)
        #expect(try load(.auth, "Strongest").auth == .strongest)
        for mechanism in SASLMechanism.allCases {
            #expect(try load(.auth, mechanism.rawValue.lowercased()).auth == .mechanism(mechanism))
        }
        for text in ["PLAIN LOGIN", "SCRAM-SHA-1", ""] {
            #expect(throws: SettingsError.self) { try load(.auth, text) }
        }
    }

    /// What is said, and what is missing then.
    @Test(
        arguments: [
            (["server": "smtps://u@h"], "no password-file"),
            (["server": "smtps://h", "token-file": "t"], "names no user"),
            (["server": "smtps://h", "password-file": "p"], "names no user"),
            (["server": "smtps://u@h", "password-file": "p", "auth": "XOAUTH2"], "auth XOAUTH2 needs token-file"),
            (
                ["server": "smtps://u@h", "token-file": "t", "auth": "SCRAM-SHA-256"],
                "auth SCRAM-SHA-256 needs password-file"
            ),
            (["server": "smtps://h", "auth": "EXTERNAL"], "auth EXTERNAL needs client-certificate"),
            (["server": "smtps://u@h", "token-file": "t", "password-file": "p"], "exclude each other"),
            (["server": "smtps://u@h", "token-file": "t"], nil), (["server": "smtps://h"], nil),
            (["server": "smtps://u@h", "auth": "none"], nil),
            (["server": "smtps://u@h", "client-certificate": "c", "client-key": "k"], nil),
            (["server": "smtps://h", "client-certificate": "c", "client-key": "k", "auth": "external"], nil),
        ] as [([String: String], String?)])
    func anAccountIsWholeOrRefused(given: [String: String], problem: String?) throws {
        let flags = flags { flags in
            for (key, value) in given { if let option = Option(rawValue: key) { flags.set(option, value) } }
        }
        guard let problem else {
            _ = try Settings.load(file: nil, environment: [:], flags: flags)
            return
        }
        let error = #expect(throws: SettingsError.self) {
            try Settings.load(file: nil, environment: [:], flags: flags)
        }
        #expect(error?.summary.contains(problem) == true, "\(String(describing: error?.summary))")
    }

    @Test func pinsAreTheBase64OfADigest() throws {
        let (first, backup) = (
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        )
        let both = flags { $0.set(.pinSHA256, [first, backup]) }
        let settings = try Settings.load(file: nil, environment: [:], flags: both)
        #expect(settings.pins.map(\.description) == [first, backup])
        let environment = ["MODEMAIL_PIN_SHA256": "\(first)\n\(backup)"]
        #expect(try Settings.load(file: nil, environment: environment, flags: Flags()).pins == settings.pins)
        for text in [
            "", "x", String(first.dropLast()), first + "=", "sha256/" + first, backup.replacing("A=", with: "B="),
            first.replacing("+", with: "-"),
        ] {
            let error = #expect(throws: SettingsError.self, "\(text)") { try load(.pinSHA256, text) }
            #expect(error?.line.contains("44 characters of base64") == true, "\(error?.line ?? "")")
        }
        let fingerprint = Array(repeating: "ab", count: 32)
        for text in [fingerprint.joined(), fingerprint.joined(separator: ":").uppercased()] {
            let error = #expect(throws: SettingsError.self) { try load(.pinSHA256, text) }
            #expect(error?.line.contains("is hexadecimal") == true)
        }
    }

    @Test func aClientCertificateHasItsKey() throws {
        let folder = try TemporaryFolder()
        let key = try folder.file("key", "-----BEGIN\n-----END\n")
        let settings = try folder.load("client-certificate: certificate.pem\nclient-key: key\n")
        #expect(settings.clientCertificate == folder.path + "/certificate.pem")
        #expect(try settings.clientKey?.read().revealText() == "-----BEGIN\n-----END\n")
        #expect(settings.listing.contains { $0.key == "client-key" && $0.value.hasSuffix("(content <redacted>)") })
        _ = unsafe chmod(key, 0o644)
        let error = #expect(throws: SettingsError.self) { try settings.checkSecrets() }
        #expect(error?.line.contains("chmod 600") == true)
        for alone in [Option.clientCertificate, .clientKey] {
            let error = #expect(throws: SettingsError.self) { try load(alone, "f") }
            #expect(error?.exitStatus == .usage)
        }
    }

    @Test func linkProfilesAreNamed() throws {
        #expect(try load(.linkProfile, "standard").linkProfile == .standard)
        #expect(try load(.linkProfile, "metered").linkProfile == .metered)
        let error = #expect(throws: SettingsError.self) { try load(.linkProfile, "fast") }
        #expect(error?.summary == "--link-profile: 'fast' is none of metered, standard")
    }

    @Test func noticesAreAskedForByOccasionOrNever() throws {
        #expect(try load(.notify, "never").message.notify == [])
        #expect(try load(.notify, "success,failure").message.notify == [.success, .failure])
        #expect(try load(.notify, "delay,delay").message.notify == [.delay])
        #expect(try load(.from, "a@example.net").message.notify == nil)
        for text in ["never,failure", "failure,", "FAILURE", "", "always"] {
            let error = #expect(throws: SettingsError.self) { try load(.notify, text) }
            #expect(error?.summary.contains("notify") == true)
        }
        #expect(try load(.notifyReturn, "headers").message.notifyReturn == .headers)
        #expect(throws: SettingsError.self) { try load(.notifyReturn, "body") }
        #expect(try load(.notifyID, "alert 7").message.notifyID == "alert 7")
        for text in ["", "a\nb", "ü", String(repeating: "a", count: 95)] {
            #expect(throws: SettingsError.self) { try load(.notifyID, text) }
        }
    }

    @Test func whatGoesOnTheModemsLineHoldsNoQuoteOrControlCharacter() throws {
        for value in ["a\"b", "a\rb", "a\nb", "a\u{1A}", "a\0", "ü", String(repeating: "a", count: 101)] {
            #expect(throws: SettingsError.self) { try load(.apn, value) }
        }
        _ = try load(.apn, String(repeating: "a", count: 100))
        #expect(throws: SettingsError.self) { try load(.apnUser, "a\"b") }
    }

    @Test func baudRatesAreBounded() throws {
        for (text, isFine) in [
            ("300", true), ("8000000", true), ("299", false), ("8000001", false), ("fast", false), ("1e5", false),
        ] {
            let flags = flags {
                $0.set(.device, "/dev/x")
                $0.set(.baud, text)
            }
            let settings = try? Settings.load(file: nil, environment: [:], flags: flags)
            #expect((settings != nil) == isFine, "\(text)")
        }
    }

    @Test func ehloIsANameOrAnAddress() throws {
        for text in ["gw.example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            #expect(try load(.ehlo, text).ehlo == text)
        }
        for text in ["", "a_b", "[1.2.3]", "[::1]", "a b", "x\r\ny"] {
            #expect(throws: SettingsError.self) { try load(.ehlo, text) }
        }
    }
}
