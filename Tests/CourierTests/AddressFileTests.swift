import NIOPosix
import TLS
import Testing

@testable import Courier

@Suite(.timeLimit(.minutes(5))) struct AddressFileTests {
    private func file(_ folder: String, at seconds: Int64) -> AddressFile {
        AddressFile(
            directory: folder + "/addresses", pool: .singleton,
            clock: WallClock(source: "the test's clock") { WallTime(secondsSince1970: seconds) })
    }

    @Test func anAddressIsKnownForADay() async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let day: Int64 = 86_400
        #expect(await file(folder, at: 0).address(of: "mail.example.com") == nil)
        await file(folder, at: 1_000).remember("2001:db8::25", of: "Mail.example.com")
        #expect(await file(folder, at: 1_000 + day - 1).address(of: "mail.example.com") == "2001:db8::25")
        #expect(await file(folder, at: 1_000 + day).address(of: "mail.example.com") == nil)
        // A clock that went back says nothing about the age.
        #expect(await file(folder, at: 999).address(of: "mail.example.com") == nil)
    }

    @Test func whatIsForgottenIsGoneAndNamesStayWithinTheFolder() async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let file = file(folder, at: 5)
        await file.remember("198.51.100.7", of: "../../x/y")
        #expect(await file.address(of: "../../x/y") == "198.51.100.7")
        #expect(TemporaryFolder.read(folder + "/addresses/______x_y") == "198.51.100.7 5\n")
        await file.forget("../../x/y")
        #expect(await file.address(of: "../../x/y") == nil)
    }

    @Test(arguments: ["", "198.51.100.7", "198.51.100.7 x\n", "a b c\n"])
    func aFileOfAnotherFormIsNone(text: String) async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let file = file(folder, at: 5)
        await file.remember("198.51.100.7", of: "host")
        try TemporaryFolder.write(text, to: folder + "/addresses/host")
        #expect(await file.address(of: "host") == nil)
    }
}
