import AT
import Modem
import Testing

@Suite(.timeLimit(.minutes(5))) struct ModemStatusTests {
    @Test func everythingThatIsAnsweredIsTold() async throws {
        let fixture = BringUpFixture([
            "AT+CREG?": [["+CREG: 0,0", "OK"]], "AT+CEREG?": [["+CEREG: 2,1,\"00C3\",\"0A1B2C3D\",7", "OK"]],
            "AT+COPS?": [["+COPS: 0,0,\"Operator\",7", "OK"]], "AT+CSQ": [["+CSQ: 18,99", "OK"]],
            "AT+CESQ": [["+CESQ: 99,99,255,255,20,47", "OK"]], "AT+CGATT?": [["+CGATT: 1", "OK"]],
            "AT+CGACT?": [["+CGACT: 1,1", "OK"]], "AT+CGPADDR=1": [["+CGPADDR: 1,\"10.1.2.3\"", "OK"]],
            "AT+CGCONTRDP=1": [["+CGCONTRDP: 1,5,\"internet\",\"10.1.2.3\",,\"9.9.9.9\"", "OK"]],
            "AT+CCLK?": [["+CCLK: \"26/11/24,21:30:00+04\"", "OK"]],
        ])
        let status = try await ModemStatus.read(port: fixture.port, clock: fixture.clock)
        #expect(
            status.identity.revision == "EC25EFAR06A06M4G" && status.profile == .quectel && status.functionality == 1)
        #expect(status.sim == .ready && status.iccid == "89490200001234567890" && status.pinTries == 3)
        #expect(status.registrations.map(\.status) == [.notSearching, .home])
        #expect(status.network?.name == "Operator" && status.signal == -77 && status.extendedSignal?.rsrp == -93)
        #expect(status.isAttached == true)
        #expect(
            status.contexts == [
                ModemStatus.Context(
                    definition: ContextDefinition(cid: 1, type: "IPV4V6", apn: "internet"), isActive: true,
                    addresses: ["10.1.2.3"], nameServers: ["9.9.9.9"])
            ])
        #expect(status.clock?.isSet == true)
        #expect(fixture.port.commands.allSatisfy { !$0.contains("=\"") })
    }

    @Test func modemThatAnswersNothingHasAnEmptyStatus() async throws {
        let port = ScriptedPort([:])
        let status = try await ModemStatus.read(port: port, clock: VirtualClock())
        var expected = ModemStatus()
        expected.sim = .unknown("ERROR")
        #expect(status == expected)
    }

    @Test func questionWithoutAnAnswerIsLeftOut() async throws {
        let fixture = BringUpFixture(["AT+CSQ": [["TIMEOUT"]], "AT+CPIN?": [["TIMEOUT"]]])
        let status = try await ModemStatus.read(port: fixture.port, clock: fixture.clock)
        #expect(status.sim == .unknown("no answer in time") && status.signal == nil)
        #expect(status.registrations.count == 1)
    }

    @Test func lineThatIsGoneIsAnError() async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [["GONE"]]])
        await #expect(throws: ModemError.self) { try await ModemStatus.read(port: fixture.port, clock: fixture.clock) }
    }

    @Test(arguments: [
        (["+CPIN: SIM PIN", "OK"], ModemStatus.SIM.pinRequired), (["+CME ERROR: 11"], .pinRequired),
        (["+CPIN: SIM PUK", "OK"], .pukRequired), (["+CME ERROR: 10"], .absent),
        (["+CPIN: PH-SIM PIN", "OK"], .locked("PH-SIM PIN")),
        (["+CME ERROR: 14"], .unknown("SIM busy (+CME ERROR 14)")),
    ])
    func stateOfTheSIMIsTold(answer: [String], expected: ModemStatus.SIM) async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [answer]])
        #expect(try await ModemStatus.read(port: fixture.port, clock: fixture.clock).sim == expected)
    }

    @Test func networkTimeIsTakenOnlyFromAClockThatWasSet() async {
        let set = ScriptedPort(["AT+CCLK?": [["+CCLK: \"26/11/24,21:30:00+04\"", "OK"]]])
        #expect(await set.networkTime() == 1_795_552_200)
        let unset = ScriptedPort(["AT+CCLK?": [["+CCLK: \"80/01/06,00:00:12+00\"", "OK"]]])
        #expect(await unset.networkTime() == nil)
        #expect(await ScriptedPort([:]).networkTime() == nil)
    }

    @Test(arguments: [
        ("Quectel", "EC25", "quectel"), ("QUECTEL", "BG95-M3", "quectel"), ("Quectel_Ltd", "Quectel_M95", "generic"),
        ("", "Quectel EG91", "quectel"), ("u-blox", "SARA-R410M", "generic"), ("", "", "generic"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom"), ("SIMCOM_Ltd", "SIMCOM_SIM868", "simcom"),
        ("SIMCOM_Ltd", "SIM7000E", "simcom"), ("", "SIMCOM_SIM900", "simcom"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "generic"), ("SIMCOM_Ltd", "SIM7080", "generic"),
        ("SIMCOM INCORPORATED", "A7670E", "generic"), ("SIMCOM INCORPORATED", "SIM8200EA-M2", "generic"),
        ("SIMCOM_Ltd", "SIM5320E", "generic"),
    ])
    func profileFollowsTheIdentity(manufacturer: String, model: String, name: String) {
        #expect(ModemProfile.matching(ModemIdentity(manufacturer: manufacturer, model: model)).name == name)
    }
}
