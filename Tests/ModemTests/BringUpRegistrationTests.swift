import AT
import Modem
import Scopes
import Testing

@Suite(.timeLimit(.minutes(5))) struct BringUpRegistrationTests {
    private func run(
        _ fixture: BringUpFixture, roaming: Bool = false, apn: String? = nil
    ) async throws -> ReadyModem {
        try await fixture.bringUp(try ModemConfiguration(apn: apn, allowsRoaming: roaming)).run()
    }

    @Test func modemThatKnowsOnlyLTEIsRegistered() async throws {
        let fixture = BringUpFixture(["AT+CREG?": [["+CREG: 0,0", "OK"]], "AT+CGREG?": [["ERROR"]]])
        #expect(try await run(fixture).registration.domain == .evolvedPacketSystem)
        #expect(fixture.port.count("AT+CREG?") == 0)
    }

    @Test func modemThatKnowsNoLTEIsRegisteredForPackets() async throws {
        let fixture = BringUpFixture(["AT+CEREG?": [["ERROR"]], "AT+CGREG?": [["+CGREG: 0,1", "OK"]]])
        #expect(try await run(fixture).registration.domain == .packetSwitched)
        #expect(fixture.port.count("AT+CGATT?") == 0)
    }

    @Test func searchIsToldWithItsSignalUntilANetworkIsFound() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [
                ["+CEREG: 0,2", "OK"], ["+CEREG: 3,2", "OK"], ["+CEREG: 3,2", "OK"],
                ["+CEREG: 3,1,\"00C3\",\"0A1B2C3D\",7", "OK"],
            ], "AT+CSQ": [["+CSQ: 99,99", "OK"], ["+CSQ: 10,99", "OK"]],
            "AT+CESQ": [["+CESQ: 99,99,255,255,20,40", "OK"]],
            "AT+CEREG=3": [["OK"]], "AT+CGREG=3": [["ERROR"]], "AT+CGREG=2": [["OK"]],
        ])
        let ready = try await run(fixture)
        #expect(ready.registration.technology == .lte && ready.registration.cell == "0A1B2C3D")
        #expect(
            fixture.events.notes.filter { $0.contains("searching") } == [
                "searching for a network, signal -100 dBm", "searching for a network, signal -93 dBm",
            ])
        #expect(fixture.port.count("AT+CGREG=2") == 1 && fixture.port.count("AT+CEREG=2") == 0)
        #expect(fixture.clock.elapsed == .seconds(4))
        #expect(fixture.events.all.filter { $0.phase == .registration }.last?.attempt == 3)
    }

    @Test func searchEndsAtItsLimitWithStateAndSignal() async throws {
        let fixture = BringUpFixture(["AT+CEREG?": [["+CEREG: 0,2", "OK"]], "AT+CSQ": [["+CSQ: 5,99", "OK"]]])
        let error = await fixture.failure(try ModemConfiguration())
        #expect(error == .registrationTimedOut(state: "searching", signal: -103, limit: .seconds(180)))
        #expect(error?.failureClass == .network && error?.exitStatus == .unavailable)
        #expect(fixture.clock.elapsed == .seconds(180))
    }

    @Test func lineOfTheNetworkEndsTheWait() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["+CEREG: 0,2", "OK"], ["+CEREG: 3,2", "OK"], ["+CEREG: 3,1", "OK"]]
        ])
        let bringUp = fixture.bringUp(try ModemConfiguration(), clock: HeldClock())
        async let ready = bringUp.run()
        while fixture.port.count("AT+CSQ") == 0 { await Task.yield() }
        fixture.port.emit("+CTZV: +04")
        fixture.port.emit("+CEREG: 1,\"00C3\",\"0A1B2C3D\",7")
        #expect(try await ready.registration.status == .home)
    }

    @Test(arguments: [
        (11, FailureClass.network, "network not allowed (PLMN not allowed) (cause 11)"),
        (3, .sim, "illegal SIM (illegal MS) (cause 3)"), (200, .network, "cause 200"),
    ])
    func denialStopsWithTheNetworksCause(cause: Int, failureClass: FailureClass, words: String) async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["+CEREG: 0,3", "OK"], ["+CEREG: 3,3,,,,0,\(cause)", "OK"]], "AT+CEREG=3": [["OK"]],
            "AT+CEER": [["+CEER: EMM_ATTACH_REJECT", "OK"]],
        ])
        let error = await fixture.failure(try ModemConfiguration())
        #expect(
            error == .registrationDenied(cause: NetworkCause(.registration, cause), words: "EMM_ATTACH_REJECT"))
        #expect(error?.failureClass == failureClass && error?.exitStatus == .unavailable)
        #expect(error?.summary == "the network denied registration: \(words); EMM_ATTACH_REJECT")
        #expect(fixture.clock.elapsed == .zero)
    }

    @Test func denialWhileAnotherNetworkIsTriedIsNotTheEnd() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["+CEREG: 3,3", "OK"]],
            "AT+CGREG?": [["+CGREG: 3,2", "OK"], ["+CGREG: 3,2", "OK"], ["+CGREG: 3,1", "OK"]],
        ])
        #expect(try await run(fixture).registration.domain == .packetSwitched)
    }

    @Test func passingCauseIsWaitedOut() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["+CEREG: 3,3,,,,0,22", "OK"], ["+CEREG: 3,3,,,,0,22", "OK"], ["+CEREG: 3,1", "OK"]]
        ])
        #expect(try await run(fixture).registration.status == .home)
        #expect(fixture.events.notes.contains { $0.contains("denied, congestion (cause 22)") })
    }

    @Test func roamingIsRefusedUnlessAllowed() async throws {
        let answers = ["AT+CEREG?": [["+CEREG: 0,5", "OK"]], "AT+COPS?": [["+COPS: 0,0,\"Far Away\",7", "OK"]]]
        let fixture = BringUpFixture(answers)
        let error = await fixture.failure(try ModemConfiguration())
        #expect(error == .roamingRefused(network: "Far Away") && error?.exitStatus == .unavailable)
        #expect(try await run(BringUpFixture(answers), roaming: true).registration.status == .roaming)
    }

    @Test func emergencyCallsAreNoRegistration() async throws {
        let fixture = BringUpFixture(["AT+CEREG?": [["+CEREG: 0,8", "OK"]], "AT+CREG?": [["+CREG: 0,6", "OK"]]])
        let error = await fixture.failure(try ModemConfiguration())
        #expect(error == .registrationTimedOut(state: "emergency calls only", signal: nil, limit: .seconds(180)))
    }

    @Test func radioThatIsOffIsSwitchedOn() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["+CEREG: 0,0", "OK"], ["+CEREG: 3,1", "OK"]], "AT+CFUN?": [["+CFUN: 4", "OK"]],
            "AT+CFUN=1": [["OK"]],
        ])
        _ = try await run(fixture)
        #expect(fixture.port.count("AT+CFUN=1") == 1)
    }

    @Test func radioThatStaysOffIsAModemFailure() async throws {
        let fixture = BringUpFixture(["AT+CEREG?": [["+CEREG: 0,0", "OK"]], "AT+CFUN?": [["+CFUN: 4", "OK"]]])
        let error = await fixture.failure(try ModemConfiguration())
        #expect(error == .radioOff(words: "ERROR") && error?.failureClass == .modem)
    }

    @Test func packetsAreAttachedWhereOnlyCallsAreRegistered() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["+CEREG: 0,4", "OK"]],
            "AT+CGREG?": [["+CGREG: 0,0", "OK"], ["+CGREG: 0,2", "OK"], ["+CGREG: 0,1", "OK"]],
            "AT+CREG?": [["+CREG: 0,1", "OK"]],
            "AT+CGATT?": [["+CGATT: 0", "OK"], ["+CGATT: 1", "OK"]], "AT+CGATT=1": [["OK"]],
        ])
        #expect(try await run(fixture).registration.domain == .packetSwitched)
        #expect(fixture.port.count("AT+CGATT=1") == 1)
    }

    @Test func attachAloneCountsWhereNothingElseIsTold() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["ERROR"]], "AT+CGREG?": [["ERROR"]], "AT+CREG?": [["+CREG: 0,1", "OK"]],
            "AT+CGATT?": [["+CGATT: 1", "OK"]],
        ])
        #expect(try await run(fixture).registration.domain == .circuitSwitched)
        #expect(fixture.port.count("AT+CGATT=1") == 0)
    }

    @Test func attachThatIsRefusedGivesTheNetworksWords() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["ERROR"]], "AT+CGREG?": [["+CGREG: 0,0", "OK"]], "AT+CREG?": [["+CREG: 0,1", "OK"]],
            "AT+CGATT?": [["+CGATT: 0", "OK"]], "AT+CGATT=1": [["+CME ERROR: 107"]],
            "AT+CEER": [["+CEER: GPRS not subscribed", "OK"]],
        ])
        let error = await fixture.failure(try ModemConfiguration())
        #expect(
            error
                == .attachRefused(
                    cause: NetworkCause(.registration, 7),
                    words: "GPRS services not allowed (+CME ERROR 107), GPRS not subscribed"))
        #expect(error?.failureClass == .sim)
    }

    @Test func attachIsNotWaitedForBeyondItsLimit() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["ERROR"]], "AT+CGREG?": [["+CGREG: 0,0", "OK"]], "AT+CREG?": [["+CREG: 0,1", "OK"]],
            "AT+CGATT?": [["+CGATT: 0", "OK"]], "AT+CGATT=1": [["OK"]],
        ])
        let error = await fixture.failure(try ModemConfiguration())
        #expect(error == .attachRefused(cause: nil, words: "not attached after 140 s"))
    }

    @Test func wantedContextIsDefinedBeforeTheWaitForLTE() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["+CEREG: 0,2", "OK"], ["+CEREG: 3,1", "OK"]], "AT+CGACT?": [["+CGACT: 1,0", "OK"]],
            "AT+CGDCONT=1,\"IPV4V6\",\"m2m\"": [["OK"]],
        ])
        #expect(try await run(fixture, apn: "m2m").context.apn == "m2m")
        let order = fixture.port.commands.filter { $0.hasPrefix("AT+CGDCONT=") || $0 == "AT+CEREG?" }
        #expect(order == ["AT+CEREG?", "AT+CGDCONT=1,\"IPV4V6\",\"m2m\"", "AT+CEREG?"])
        #expect(fixture.port.count("AT+CGDCONT?") == 1)
    }
}
