import Credentials
import Glibc
import Scopes
import Settings
import Testing

@Suite(.timeLimit(.minutes(5))) struct SecretSourceTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func source(_ path: String, environment: [String: String] = [:], option: Option = .passwordFile) throws
        -> SecretSource?
    {
        let flags = flags {
            $0.set(.device, "/dev/x")
            $0.set(option, path)
        }
        let settings = try Settings.load(file: nil, environment: environment, flags: flags)
        return settings.password ?? settings.modems[0].simPIN
    }

    private func read(_ octets: [UInt8], mode: UInt32 = 0o600, option: Option = .passwordFile) throws -> String? {
        try source(try folder.file("secret", octets, mode: mode), option: option)?.read().revealText()
    }

    private func read(_ text: String, option: Option = .passwordFile) throws -> String? {
        try read(Array(text.utf8), option: option)
    }

    @Test(arguments: [
        ("pass", "pass"), ("pass\n", "pass"), ("pass\r\n", "pass"), (" pass \n", " pass "), ("pä ss\n", "pä ss"),
    ])
    func oneNewlineAtTheEndIsRemovedAndNothingElse(_ content: String, _ expected: String) throws {
        #expect(try read(content) == expected)
    }

    @Test(arguments: ["", "\n", "\r\n", "a\r", "a\nb", "a\n\n", "a\rb", "a\0b", "\0"])
    func refusesContent(_ content: String) {
        let error = #expect(throws: SettingsError.self) { try read(content) }
        #expect(error?.exitStatus == .configuration)
    }

    @Test func theSizeIsBounded() throws {
        #expect(try read([UInt8](repeating: 0x61, count: 65_536))?.utf8.count == 65_536)
        #expect(throws: SettingsError.self) { try read([UInt8](repeating: 0x61, count: 65_537)) }
        #expect(throws: SettingsError.self) { try read([UInt8](repeating: 0x61, count: 200_000)) }
    }

    @Test(arguments: [
        (0o600, true), (0o640, true), (0o660, true), (0o400, true), (0o604, false), (0o644, false), (0o602, false),
    ])
    func aFileThatOthersMayReadIsRefused(_ mode: UInt32, _ isFine: Bool) throws {
        if isFine {
            #expect(try read(Array("x".utf8), mode: mode) == "x")
        } else {
            let error = #expect(throws: SettingsError.self) { try read(Array("hunter2".utf8), mode: mode) }
            #expect(error?.line.contains("chmod 600") == true && error?.line.contains("hunter2") == false)
        }
    }

    @Test func whatIsNoFileIsRefused() {
        #expect(throws: SettingsError.self) { try source(folder.path)?.read() }
        #expect(throws: SettingsError.self) { try source("/dev/null")?.read() }
        #expect(throws: SettingsError.self) { try source("\(folder.path)/missing")?.read() }
    }

    @Test func aPipeIsTakenAsAFile() throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        defer { close(ends[0]) }
        _ = unsafe write(ends[1], "piped\n", 6)
        close(ends[1])
        #expect(try source("/dev/fd/\(ends[0])")?.read().revealText() == "piped")
    }

    @Test func aNamedPipeWithoutAWriterIsEmptyAndHoldsNobody() throws {
        let path = try folder.file("pipe", "")
        unsafe unlink(path)
        try #require(unsafe mkfifo(path, 0o600) == 0)
        #expect(throws: SettingsError.self) { try source(path)?.read() }
    }

    @Test func aCredentialIsFoundInTheServicesFolder() throws {
        _ = try folder.file("mail", "pass\n", mode: 0o400)
        let environment = ["CREDENTIALS_DIRECTORY": folder.path]
        #expect(try source("credential:mail", environment: environment)?.read().revealText() == "pass")
        let error = #expect(throws: SettingsError.self) { try source("credential:mail")?.read() }
        #expect(error?.line.contains("CREDENTIALS_DIRECTORY") == true)
        for name in ["credential:", "credential:../mail", "credential:..", "credential:/etc/passwd"] {
            #expect(throws: SettingsError.self) { try source(name, environment: environment) }
        }
    }

    @Test(arguments: [
        ("1234\n", true), ("12345678", true), ("123", false), ("123456789", false), ("12a4", false), ("1234 ", false),
    ])
    func aPINIsDigits(_ content: String, _ isFine: Bool) throws {
        if isFine {
            #expect(try read(content, option: .simPINFile) == content.split(separator: "\n").first.map(String.init))
        } else {
            let error = #expect(throws: SettingsError.self) { try read(content, option: .simPINFile) }
            // The folder's name is a random one, and may hold these digits.
            #expect(error?.line.split(separator: "/").last?.contains(content) == false)
        }
    }

    @Test func checkingReadsEverySecret() throws {
        let path = try folder.file("bad", "x", mode: 0o644)
        let settings = try Settings.load(
            file: nil, environment: [:],
            flags: flags {
                $0.set(.device, "/dev/x")
                $0.set(.simPINFile, path)
            })
        #expect(throws: SettingsError.self) { try settings.checkSecrets() }
    }
}
