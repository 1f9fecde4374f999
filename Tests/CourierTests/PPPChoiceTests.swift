import Courier
import FakeModem
import Scopes
import Support
import Testing

/// On a machine that lets nobody make a network namespace: here the program that would do it is not there.
@Suite(.timeLimit(.minutes(5))) struct PPPChoiceTests {
    private func report(via: String, more: String = "") async throws -> (report: Report, isBalanced: Bool) {
        let server = try await onThread { try MailServer.aiosmtpd() }
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        try TemporaryFolder.write(TestSecrets.password, to: folder + "/password")
        let modem = try RepetitionTests.modem(server) { _ in }
        let courier = try RepetitionTests.courier(
            RepetitionTests.yaml(modem, folder, server, via: via, more: more), folder: folder,
            host: RepetitionTests.host(helper: folder + "/nothing"), subject: "s")
        let report = await courier.send()
        return (report, await modem.stop().isBalanced)
    }

    @Test func autoTakesTheSocketsAndSaysWhy() async throws {
        let (report, isBalanced) = try await report(via: "auto")
        #expect(report.outcome == .sent && report.via == "socket (quectel)" && isBalanced)
        #expect(report.viaReason?.contains("the modem's sockets, since") == true, "\(report.viaReason ?? "")")
    }

    @Test func whoNamesTheDialectOfTheSocketsGetsThemWithoutAReason() async throws {
        let (report, _) = try await report(via: "auto", more: "dialect: quectel")
        #expect(report.outcome == .sent && report.via == "socket (quectel)" && report.viaReason == nil)
    }

    @Test func pppInsistsAndSaysWhatIsMissing() async throws {
        let (report, isBalanced) = try await report(via: "ppp")
        #expect(report.outcome == .failed && report.exitStatus == .unavailable && isBalanced)
        #expect(report.errorLine?.contains("PPP") == true && report.errorLine?.contains("--via socket") == true)
    }
}
