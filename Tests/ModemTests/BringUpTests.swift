import AT
import Credentials
import Modem
import Scopes
import Testing

@Suite(.timeLimit(.minutes(5))) struct BringUpTests {
    @Test func readyModemCostsSevenCommands() async throws {
        let fixture = BringUpFixture()
        let ready = try await fixture.bringUp(try ModemConfiguration(apn: "internet")).run()
        #expect(
            fixture.port.commands == [
                "ATQ0V1E0", "AT+CMEE=1", "ATI", "AT+CGSN", "AT+CPIN?", "AT+CEREG?", "AT+CGDCONT?",
            ])
        #expect(
            ready.identity
                == ModemIdentity(
                    manufacturer: "Quectel", model: "EC25", revision: "EC25EFAR06A06M4G", imei: "861536030196001"))
        #expect(ready.profile == .quectel)
        #expect(ready.registration.domain == .evolvedPacketSystem)
        #expect(ready.context == PDPContext(cid: 1, type: .ipv4v6, apn: "internet"))
        #expect(fixture.clock.elapsed == .zero)
    }

    @Test func eachPhaseBeginsAndEndsWithItsCommands() async throws {
        let fixture = BringUpFixture()
        _ = try await fixture.bringUp(try ModemConfiguration()).run()
        let ended = fixture.events.all.filter { $0.event == .ended }
        #expect(ended.map(\.phase) == [.identify, .sim, .registration, .attach, .context])
        #expect(ended.map(\.commands) == [4, 1, 1, 0, 1])
        #expect(fixture.events.all.filter { $0.event == .began }.count == 5)
    }

    @Test func modemOfAnotherMakerIsAskedOneByOne() async throws {
        let fixture = BringUpFixture([
            "ATI": [["ERROR"]], "AT+CGMI": [["ERROR"]], "AT+GMI": [["Telit", "OK"]], "AT+CGMM": [["LE910C1", "OK"]],
            "AT+CGMR": [["25.00", "OK"]], "AT+CGSN": [["ERROR"]],
        ])
        let ready = try await fixture.bringUp(try ModemConfiguration()).run()
        #expect(ready.identity == ModemIdentity(manufacturer: "Telit", model: "LE910C1", revision: "25.00"))
        #expect(ready.profile == .generic)
    }

    @Test func modemThatTellsNothingOfItselfIsStillUsed() async throws {
        let silent = ["ATI", "AT+CGSN", "ATQ0V1E0", "AT+CMEE=1"].map { ($0, [["ERROR"]]) }
        let fixture = BringUpFixture(Dictionary(uniqueKeysWithValues: silent))
        #expect(try await fixture.bringUp(try ModemConfiguration()).run().identity == ModemIdentity())
    }

    @Test func initCommandsOfTheOwnersFollowTheIdentification() async throws {
        let fixture = BringUpFixture(["AT+QCFG=\"band\"": [["+QCFG: 1", "OK"]], "ATX4": [["OK"]]])
        _ = try await fixture.bringUp(try ModemConfiguration(initCommands: ["AT+QCFG=\"band\"", "ATX4"])).run()
        #expect(fixture.port.commands[4...5] == ["AT+QCFG=\"band\"", "ATX4"])
    }

    @Test func initCommandThatIsRefusedIsNamedWithoutItsStrings() async throws {
        let fixture = BringUpFixture(["AT+CGAUTH=1,1,\"u\",\"hunter2\"": [["+CME ERROR: 3"]]])
        let error = await fixture.failure(try ModemConfiguration(initCommands: ["AT+CGAUTH=1,1,\"u\",\"hunter2\""]))
        #expect(error?.failureClass == .configuration && error?.exitStatus == .configuration)
        #expect(error?.line.contains("hunter2") == false && error?.line.contains("+CGAUTH") == true)
        #expect(fixture.port.shown.contains { $0.contains("hunter2") } == false)
    }

    @Test func flowControlIsSetOnlyWhereItIsWired() async throws {
        let fixture = BringUpFixture()
        _ = try await fixture.bringUp(try ModemConfiguration(usesRTSCTS: true)).run()
        #expect(fixture.port.commands[2] == "AT+IFC=2,2")
    }

    @Test(arguments: [
        ("TIMEOUT", ATError.timedOut(command: "AT+CPIN?"), Scopes.ExitStatus.unavailable),
        ("GONE", .portGone("unplugged"), .unavailable), ("REBOOT", .rebooted("RDY"), .unavailable),
    ])
    func failureOfTheLineIsAModemFailureOfItsPhase(word: String, cause: ATError, status: Scopes.ExitStatus) async throws
    {
        let fixture = BringUpFixture(["AT+CPIN?": [[word]]])
        let error = await fixture.failure(try ModemConfiguration())
        #expect(error == .line(phase: .sim, cause))
        #expect(error?.failureClass == .modem && error?.exitStatus == status)
        #expect(fixture.events.all.last?.event == .failed)
    }

    @Test func cancellationEndsTheWaitAtOnce() async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [["+CME ERROR: 14"]]])
        let bringUp = fixture.bringUp(try ModemConfiguration(), clock: HeldClock())
        let task = Task { () async -> ModemError? in
            do throws(ModemError) {
                _ = try await bringUp.run()
                return nil
            } catch {
                return error
            }
        }
        while fixture.port.count("AT+CPIN?") == 0 { await Task.yield() }
        task.cancel()
        #expect(await task.value == .line(phase: .sim, .cancelled))
    }

    @Test(arguments: [
        ["AT+CPIN=1234"], ["ATD*99#"], ["ATO"], ["AT+X;+CMUX=0"], ["+X"], ["AT+X\rAT+Y"], ["AT+X=\"a"],
        Array(repeating: "AT", count: 33),
    ])
    func initCommandsThatHarmAreRefused(commands: [String]) {
        #expect(throws: ModemError.self) { try ModemConfiguration(initCommands: commands) }
    }

    @Test(arguments: ["a b", "a\"b", "a\r", "a\u{1A}", "a,b", "ä", String(repeating: "a", count: 101)])
    func accessPointThatWouldBreakTheLineIsRefused(apn: String) {
        #expect(throws: ModemError.self) { try ModemConfiguration(apn: apn) }
    }

    @Test func valuesAtTheirLimitsAreTaken() throws {
        #expect(try ModemConfiguration(apn: String(repeating: "a", count: 100)).apn?.count == 100)
        #expect(try ModemConfiguration(initCommands: Array(repeating: "AT", count: 32)).initCommands.count == 32)
        #expect(try ModemConfiguration(simPIN: Secret("12345678")).simPIN == Secret("12345678"))
        #expect(try ModemConfiguration(apn: "").apn == nil)
    }

    @Test(arguments: ["123", "123456789", "12a4", "12 34", "1234\n", "", "１２３４"])
    func pinThatIsNoneIsRefusedWithoutBeingShown(pin: String) {
        do throws(ModemError) {
            _ = try ModemConfiguration(simPIN: Secret(pin))
            Issue.record("accepted")
        } catch {
            #expect(error.exitStatus == .configuration)
            #expect(pin.isEmpty || !error.line.contains(pin))
        }
    }

    @Test func accountThatWouldBreakTheLineIsRefused() {
        #expect(throws: ModemError.self) { try ModemConfiguration(apnUser: "a\"b") }
        #expect(throws: ModemError.self) { try ModemConfiguration(apnUser: "a", apnPassword: Secret("x\r")) }
        #expect(throws: ModemError.self) { try ModemConfiguration(apnPassword: Secret("x")) }
    }
}
