import Scopes
import Settings
import Testing

@Suite struct SettingsTests {
    @Test func theSmallestFileOfAWholeGatewayIsEnough() throws {
        let folder = try TemporaryFolder()
        let settings = try folder.load(
            """
            apn: internet
            server: smtps://gateway%40example.com@mail.example.com
            password-file: /etc/modemail/password
            aliases: { root: ops@example.com }
            """)
        #expect(settings.server?.user == "gateway@example.com")
        #expect(settings.server?.host == "mail.example.com" && settings.server?.port == 465)
        #expect(settings.password?.path == "/etc/modemail/password")
        #expect(settings.modems.isEmpty)
        let lines = settings.listing.map { "\($0.key)=\($0.value)" }
        #expect(lines.contains("aliases.root=ops@example.com"))
        #expect(lines.contains("password-file=/etc/modemail/password (content <redacted>)"))
        #expect(lines.contains("roaming=deny"))
    }

    @Test func everyKeyOfTheRelayIsKnown() throws {
        let folder = try TemporaryFolder()
        _ = try folder.load(
            """
            listen: [127.0.0.1:2525, "unix:/run/x"]
            spool-dir: /var/spool/modemail
            control-socket: /run/modemail/control
            aliases: { root: ops@example.com, "*": [a@example.com, b@example.com] }
            from: gateway@example.com
            rewrite-from: local
            linger: 10s
            retry: { first: 30s, ceiling: 1h }
            expire-after: 5d
            budget: { octets: 20MB, day: 1, reserve: 2MB }
            quiet-hours: 22:00-06:00
            digest: { window: 5m, after: 3 }
            allow: { senders: [a@example.com], recipients: b@example.com, per-hour: 60 }
            sms: { to: "+49170", after: 1h, severity: critical }
            on-failure: [logger, -t, modemail]
            http: 127.0.0.1:8025
            timeouts: { connect: 20s, teardown: 5s }
            """)
    }

    @Test func commandsHaveTimeLimitsOfTheOwners() throws {
        let folder = try TemporaryFolder()
        let settings = try folder.load("command-timeouts: { AT+QIACT: 3m, AT+COPS: 90s }\npin-guard: off")
        #expect(settings.commandTimeouts == ["AT+QIACT": .seconds(180), "AT+COPS": .seconds(90)])
        #expect(settings.pinGuard == .off)
        for wrong in ["{ +QIACT: 3m }", "{ AT+QIACT: soon }", "{ AT+QIACT: 0s }", "{ AT: 3m }"] {
            #expect(throws: SettingsError.self, "\(wrong)") { try folder.load("command-timeouts: " + wrong) }
        }
    }

    @Test func theLimitsOfSMTPAreTheStandardsUntilTheOwnerSetsThem() throws {
        let folder = try TemporaryFolder()
        let byDefault = try folder.load("timeouts: { connect: 20s }").timeouts
        #expect(byDefault.greeting == .seconds(300) && byDefault.command == .seconds(300))
        #expect(byDefault.data == .seconds(120) && byDefault.dataBlock == .seconds(180))
        #expect(byDefault.dataTermination == .seconds(600))
        let own = try folder.load(
            "timeouts: { greeting: 1s, command: 2s, data: 3s, data-block: 4s, data-termination: 5s }"
        ).timeouts
        #expect(own.greeting == .seconds(1) && own.command == .seconds(2) && own.data == .seconds(3))
        #expect(own.dataBlock == .seconds(4) && own.dataTermination == .seconds(5))
        let error = #expect(throws: SettingsError.self) { try folder.load("timeouts: { data-blok: 4s }") }
        #expect(error?.line.contains("data-block") == true)
    }

    @Test func commandLineBeatsEnvironmentBeatsFileBeatsDefault() throws {
        let folder = try TemporaryFolder()
        let yaml = "apn: file\ndevice: /dev/a\nbaud: 9600\nroaming: allow\n"
        let environment = ["MODEMAIL_APN": "environment", "MODEMAIL_BAUD": "19200", "MODEMAIL_FLOW": ""]
        let settings = try folder.load(yaml, environment: environment, flags { $0.set(.apn, "flag") })
        #expect(settings.modems[0].apn == "flag")
        #expect(settings.modems[0].baud == 19_200)
        #expect(settings.modems[0].device == .path("/dev/a"))
        #expect(settings.modems[0].flow == .none)
        #expect(settings.roaming == .allow)
        let origins = Dictionary(uniqueKeysWithValues: settings.listing.map { ($0.key, $0.origin) })
        #expect(origins["apn"] == .flag(name: "apn"))
        #expect(origins["baud"] == .environment(name: "MODEMAIL_BAUD"))
        #expect(origins["device"] == .file(path: "\(folder.path)/modemail.yaml", line: 2, column: 9))
        #expect(origins["flow"] == .byDefault)
    }

    @Test func everyOptionOfSendHasItsVariable() throws {
        #expect(Option.passwordFile.environmentName == "MODEMAIL_PASSWORD_FILE")
        #expect(Option.pinSHA256.environmentName == "MODEMAIL_PIN_SHA256")
        let environment = ["MODEMAIL_TO": "a@example.com\nb@example.com", "MODEMAIL_TIMELINE": "true", "OTHER": "x"]
        let settings = try Settings.load(file: nil, environment: environment, flags: Flags())
        #expect(settings.message.to == ["a@example.com", "b@example.com"])
        #expect(settings.timeline)
    }

    @Test func anUnknownVariableIsAnErrorWithTheNearestOne() {
        let error = #expect(throws: SettingsError.self) {
            try Settings.load(file: nil, environment: ["MODEMAIL_PASWORD_FILE": "x"], flags: Flags())
        }
        #expect(error == .unknownVariable("MODEMAIL_PASWORD_FILE", nearest: "MODEMAIL_PASSWORD_FILE"))
        #expect(throws: Never.self) {
            try Settings.load(file: nil, environment: ["MODEMAIL_CONFIG": "/x"], flags: Flags())
        }
    }

    @Test(arguments: [
        ("apn: internet\nsever: x\n", 2, 1, "server"), ("APM: x\n", 1, 1, "apn"),
        ("password: hunter2\n", 1, 1, "password-file"),
        ("retry: {first: 1s, cieling: 1h}\n", 1, 20, "ceiling"),
        ("modems:\n  - device: /dev/x\n    api: y\n", 3, 5, "apn"),
        ("zzzzzzzz: 1\n", 1, 1, nil),
    ])
    func anUnknownKeyIsNamedWithItsPlaceAndTheNearest(
        _ yaml: String, _ line: Int, _ column: Int, _ nearest: String?
    ) throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: SettingsError.self) { try folder.load(yaml) }
        guard case .unknownKey(_, let found, let origin)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == nearest)
        #expect(origin == .file(path: "\(folder.path)/modemail.yaml", line: line, column: column))
        #expect(error?.exitStatus == .configuration)
        #expect(error?.line.contains("hunter2") == false)
    }

    @Test func aFlagsBadValueIsAUsageErrorAndAFilesAConfigurationError() throws {
        let folder = try TemporaryFolder()
        let usage = #expect(throws: SettingsError.self) { try folder.load("", flags { $0.set(.wait, "90") }) }
        #expect(usage?.exitStatus == .usage)
        #expect(usage?.line == "--wait: '90' needs a unit: ms, s, m, h or d, as in 90s")
        let configuration = #expect(throws: SettingsError.self) { try folder.load("wait: 90\n") }
        #expect(configuration?.exitStatus == .configuration)
        #expect(configuration?.line.contains("modemail.yaml:1:7: wait: '90'") == true)
    }

    @Test func ofTwoThatExcludeEachOtherTheHigherLayerStays() throws {
        let folder = try TemporaryFolder()
        let both = try folder.load("body: always\nsubject: s\n", flags { $0.set(.bodyFile, "f") })
        #expect(both.message.body == nil && both.message.bodyFile == "f" && both.message.subject == "s")
        let ready = try folder.load("body: always\nsubject: s\n", flags { $0.set(.message, "-") })
        #expect(ready.message.body == nil && ready.message.subject == nil && ready.message.message == "-")
        let error = #expect(throws: SettingsError.self) {
            try folder.load(
                "",
                flags {
                    $0.set(.body, "x")
                    $0.set(.message, "f")
                })
        }
        #expect(error?.exitStatus == .usage)
        let twice = #expect(throws: SettingsError.self) {
            try folder.load(
                "",
                flags {
                    $0.set(.bodyFile, "-")
                    $0.set(.htmlFile, "-")
                })
        }
        #expect(twice?.exitStatus == .usage)
    }

    @Test func modemsTakeFromTheRestWhatTheyDoNotSay() throws {
        let folder = try TemporaryFolder()
        let yaml = """
            apn: common
            baud: 9600
            modems:
              - { device: /dev/a, apn: own, init: ['AT+QCFG="x"'] }
              - device: /dev/b
                sim-pin-file: pin
            """
        let modems = try folder.load(yaml).modems
        #expect(modems.map(\.apn) == ["own", "common"])
        #expect(modems.map(\.baud) == [9600, 9600])
        #expect(modems[0].initCommands == ["AT+QCFG=\"x\""])
        #expect(modems[1].simPIN?.path == "\(folder.path)/pin")
        #expect(try folder.load(yaml, flags { $0.set(.apn, "flag") }).modems.map(\.apn) == ["flag", "flag"])
        let one = try folder.load(yaml, flags { $0.set(.device, "/dev/c") }).modems
        #expect(one.map(\.device) == [.path("/dev/c")] && one[0].apn == "common")
        #expect(try folder.load(yaml).listing.contains { $0.key == "modems[0].init" && $0.value == "<redacted>" })
        #expect(throws: SettingsError.self) { try folder.load("device: /dev/a\nmodems: [{device: /dev/b}]\n") }
        #expect(throws: SettingsError.self) { try folder.load("modems: [{apn: x}]\n") }
    }

    @Test func anAccountIsWholeOrSaidNotToCount() throws {
        let folder = try TemporaryFolder()
        #expect(throws: SettingsError.self) { try folder.load("server: smtps://u@h.example\n") }
        #expect(throws: SettingsError.self) { try folder.load("server: smtps://h.example\npassword-file: p\n") }
        _ = try folder.load("server: smtps://u@h.example\nauth: none\n")
        _ = try folder.load("server: smtps://h.example\npassword-file: p\nauth: none\n")
        _ = try folder.load("server: smtps://h.example\n")
    }

    @Test func relativePathsOfTheFileStartFromItsFolder() throws {
        let folder = try TemporaryFolder()
        let settings = try folder.load(
            "ca-file: ca.pem\nattach: [/a, b]\nbody-file: '-'\n", flags { $0.set(.transcript, "t.log") })
        #expect(settings.caFile == "\(folder.path)/ca.pem")
        #expect(settings.message.attachments == ["/a", "\(folder.path)/b"])
        #expect(settings.message.bodyFile == "-")
        #expect(settings.transcript == "t.log")
    }

    @Test func theStateIsKeptWhereTheSystemSays() throws {
        func folder(_ environment: [String: String]) throws -> String {
            try Settings.load(file: nil, environment: environment, flags: Flags()).stateDirectory
        }
        #expect(try folder(["STATE_DIRECTORY": "/var/lib/m:/x", "HOME": "/h"]) == "/var/lib/m")
        #expect(try folder(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/modemail")
        #expect(try folder(["HOME": "/h"]) == "/h/.local/state/modemail")
        #expect(try folder(["MODEMAIL_STATE_DIR": "/own", "HOME": "/h"]) == "/own")
    }

    @Test func thePersonsFileGoesBeforeTheMachines() throws {
        let folder = try TemporaryFolder()
        #expect(Settings.defaultFile(environment: ["MODEMAIL_CONFIG": "/x", "HOME": folder.path]) == "/x")
        #expect(
            Settings.defaultFile(environment: ["HOME": folder.path]) != "\(folder.path)/.config/modemail/modemail.yaml")
    }

    @Test func aFileThatIsNamedMustBeThere() {
        let error = #expect(throws: SettingsError.self) {
            try Settings.load(file: "/nonexistent/modemail.yaml", environment: [:], flags: Flags())
        }
        #expect(error?.exitStatus == .configuration)
        #expect(error?.summary.hasPrefix("/nonexistent/modemail.yaml: cannot be read") == true)
    }
}
