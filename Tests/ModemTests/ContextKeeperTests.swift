import AT
import Credentials
import Modem
import Scopes
import Testing

@Suite(.timeLimit(.minutes(5))) struct ContextKeeperTests {
    private func definitions(_ lines: String...) -> [[String]] { [lines.map { "+CGDCONT: \($0)" } + ["OK"]] }

    @Test func contextThatFitsIsLeftAsItIs() async throws {
        let fixture = BringUpFixture([
            "AT+CGDCONT?": definitions("1,\"IP\",\"ims\"", "2,\"IP\",\"Internet.mnc001.mcc262.gprs\"")
        ])
        let bringUp = fixture.bringUp(try ModemConfiguration(apn: "internet"))
        let context = try await bringUp.run().context
        #expect(context == PDPContext(cid: 2, type: .ipv4, apn: "internet"))
        #expect(await bringUp.keeper.restore().outcome == .notNeeded)
        #expect(fixture.port.commands.contains { $0.hasPrefix("AT+CGDCONT=") } == false)
    }

    @Test func withoutAnAPNTheNetworksContextIsUsed() async throws {
        let fixture = BringUpFixture(["AT+CGDCONT?": definitions("1,\"IPV4V6\",\"\"", "2,\"IPV4V6\",\"ims\"")])
        let context = try await fixture.bringUp(try ModemConfiguration()).run().context
        #expect(context == PDPContext(cid: 1, type: .ipv4v6))
        #expect(fixture.port.count("AT+CGACT?") == 0)
    }

    @Test func ofSeveralContextsTheActiveOneIsUsed() async throws {
        let fixture = BringUpFixture([
            "AT+CGDCONT?": definitions("1,\"IP\",\"a\"", "2,\"IP\",\"ims\"", "3,\"IP\",\"b\""),
            "AT+CGACT?": [["+CGACT: 1,0", "+CGACT: 2,1", "+CGACT: 3,1", "OK"]],
        ])
        let context = try await fixture.bringUp(try ModemConfiguration()).run().context
        #expect(context == PDPContext(cid: 3, type: .ipv4, wasActive: true))
    }

    @Test func contextThatIsMissingIsDefinedAndUndefined() async throws {
        let fixture = BringUpFixture([
            "AT+CGDCONT?": [["OK"]], "AT+CGACT?": [["OK"]], "AT+CGDCONT=1,\"IPV4V6\",\"m2m\"": [["OK"]],
            "AT+CGDCONT=1": [["OK"]],
        ])
        let bringUp = fixture.bringUp(try ModemConfiguration(apn: "m2m"))
        let context = try await bringUp.run().context
        #expect(
            context
                == PDPContext(
                    cid: 1, type: .ipv4v6, apn: "m2m", wasDefined: false, wasActive: false, restoration: .undefine))
        #expect(await bringUp.keeper.restore().outcome == .done)
        #expect(fixture.port.commands.last == "AT+CGDCONT=1")
        #expect(await bringUp.keeper.restore().outcome == .notNeeded)
        #expect(fixture.port.count("AT+CGDCONT=1") == 1)
    }

    private static let sim800: [String: [[String]]] = [
        "ATI": [["SIM800 R14.18", "OK"]], "AT+CGMI": [["SIMCOM_Ltd", "OK"]], "AT+CGMM": [["SIMCOM_SIM800L", "OK"]],
        "AT+CGMR": [["Revision:1418B05SIM800L24", "OK"]], "AT+SPIC": [["+SPIC: 3,10,0,10", "OK"]],
        "AT+CCID": [["89490200001234567890", "OK"]], "AT+CGREG?": [["+CGREG: 0,1", "OK"]],
        "AT+CGATT?": [["+CGATT: 1", "OK"]],
        "AT+CGDCONT?": [["OK"]], "AT+CGACT?": [["OK"]], "AT+CGDCONT=1,\"IPV4V6\",\"m2m\"": [["ERROR"]],
        "AT+CGDCONT=1,\"IP\",\"m2m\"": [["OK"]], "AT+CGDCONT=1": [["OK"]],
    ]

    @Test func aDialNeedsAContextThatTheSocketsOfTheModemDoNotNeed() async throws {
        let fixture = BringUpFixture(Self.sim800)
        let configuration = try ModemConfiguration(apn: "m2m", apnUser: "user", apnPassword: Secret("password"))
        let bringUp = fixture.bringUp(configuration, use: .ppp)
        let context = try await bringUp.run().context
        #expect(context.cid == 1 && context.type == .ipv4 && context.restoration == .undefine)
        // The link alone proves the account.
        #expect(context.account?.user == "user")
        #expect(!fixture.port.commands.contains { $0.contains("password") })
        let other = try await bringUp.keeper.prepare(for: .sockets)
        #expect(other == PDPContext(cid: 1, type: .ipv4, apn: "m2m", account: configuration.account))
        #expect(fixture.port.commands.last == "AT+CGDCONT=1")
        #expect(await bringUp.keeper.restore().outcome == .notNeeded)
    }

    @Test func whereBothUsesHaveOneContextItStays() async throws {
        let fixture = BringUpFixture()
        let bringUp = fixture.bringUp(try ModemConfiguration(apn: "internet"), use: .ppp)
        let context = try await bringUp.run().context
        let before = fixture.port.commands
        #expect(try await bringUp.keeper.prepare(for: .sockets) == context)
        #expect(fixture.port.commands == before)
    }

    @Test func anAccountThatTheModemDoesNotTakeIsLeftToTheLink() async throws {
        let fixture = BringUpFixture(["AT+CGACT?": [["OK"]]])
        let configuration = try ModemConfiguration(apn: "internet", apnUser: "user", apnPassword: Secret("password"))
        let context = try await fixture.bringUp(configuration, use: .ppp).run().context
        #expect(context.account?.user == "user")
        #expect(fixture.port.commands.contains { $0.hasPrefix("AT+QICSGP=1") })
        guard case .contextRefused? = await BringUpFixture(["AT+CGACT?": [["OK"]]]).failure(configuration) else {
            return #expect(Bool(false))
        }
    }

    @Test func contextOfAnotherIsWrittenBackAsItWas() async throws {
        let fixture = BringUpFixture([
            "AT+CGDCONT?": definitions("1,\"IP\",\"their.apn\""), "AT+CGACT?": [["+CGACT: 1,0", "OK"]],
            "AT+CGDCONT=1,\"IPV4V6\",\"m2m\"": [["OK"]], "AT+CGDCONT=1,\"IP\",\"their.apn\"": [["OK"]],
        ])
        let bringUp = fixture.bringUp(try ModemConfiguration(apn: "m2m"))
        _ = try await bringUp.run()
        #expect(await bringUp.keeper.restore().isClean)
        #expect(fixture.port.commands.last == "AT+CGDCONT=1,\"IP\",\"their.apn\"")
    }

    @Test func activeContextOfAnotherIsNotTouched() async throws {
        let fixture = BringUpFixture([
            "AT+CGDCONT?": definitions("1,\"IP\",\"their.apn\"", "2,\"IP\",\"ims\""),
            "AT+CGACT?": [["+CGACT: 1,1", "OK"]],
            "AT+CGDCONT=3,\"IPV4V6\",\"m2m\"": [["OK"]],
        ])
        let context = try await fixture.bringUp(try ModemConfiguration(apn: "m2m")).run().context
        #expect(context.cid == 3 && context.restoration == .undefine)
    }

    @Test func contextsThatAreAllInUseAreSaid() async throws {
        let lines = (1...7).map { "+CGDCONT: \($0),\"IP\",\"apn\($0)\"" } + ["OK"]
        let fixture = BringUpFixture(["AT+CGDCONT?": [lines], "AT+CGACT?": [["+CGACT: 1,1", "OK"]]])
        let error = await fixture.failure(try ModemConfiguration(apn: "m2m"))
        #expect(error == .contextRefused(apn: "m2m", cause: nil, words: "every context of the modem is in use"))
    }

    @Test func modemThatDoesNotKnowBothFamiliesIsGivenOne() async throws {
        let fixture = BringUpFixture([
            "AT+CGDCONT?": [["OK"]], "AT+CGACT?": [["OK"]], "AT+CGDCONT=1,\"IP\",\"m2m\"": [["OK"]],
        ])
        #expect(try await fixture.bringUp(try ModemConfiguration(apn: "m2m")).run().context.type == .ipv4)
        let error = await BringUpFixture(["AT+CGDCONT?": [["OK"]], "AT+CGACT?": [["OK"]]])
            .failure(try ModemConfiguration(apn: "m2m", pdpType: .ipv4v6))
        #expect(error == .contextRefused(apn: "m2m", cause: nil, words: "it cannot be defined: ERROR"))
    }

    @Test func contextOfAnotherTypeThanChosenIsWritten() async throws {
        let fixture = BringUpFixture([
            "AT+CGDCONT?": definitions("1,\"IP\",\"m2m\""), "AT+CGACT?": [["OK"]],
            "AT+CGDCONT=1,\"IPV6\",\"m2m\"": [["OK"]],
        ])
        let context = try await fixture.bringUp(try ModemConfiguration(apn: "m2m", pdpType: .ipv6)).run().context
        #expect(context.type == .ipv6 && context.restoration == .redefine(type: "IP", apn: "m2m"))
    }

    @Test func accountIsWrittenInTheMakersWayAndClearedWithTheContext() async throws {
        let account = "AT+QICSGP=1,3,\"m2m\",\"me\",\"hunter2\",1"
        let cleared = "AT+QICSGP=1,3,\"m2m\",\"\",\"\",0"
        let fixture = BringUpFixture([
            "AT+CGDCONT?": [["OK"]], "AT+CGACT?": [["OK"]], "AT+CGDCONT=1,\"IPV4V6\",\"m2m\"": [["OK"]],
            account: [["OK"]],
            cleared: [["OK"]], "AT+CGDCONT=1": [["OK"]],
        ])
        let bringUp = fixture.bringUp(
            try ModemConfiguration(apn: "m2m", apnUser: "me", apnPassword: Secret("hunter2"), authentication: .pap))
        _ = try await bringUp.run()
        _ = await bringUp.keeper.restore()
        #expect(fixture.port.commands.suffix(3) == [account, cleared, "AT+CGDCONT=1"])
        #expect(fixture.port.shown.contains { $0.contains("hunter2") } == false)
    }

    @Test func accountOfAnUnknownMakerIsTheStandards() async throws {
        let fixture = BringUpFixture([
            "ATI": [["Telit", "LE910C1", "OK"]], "AT+CGAUTH=1,2,\"me\",\"hunter2\"": [["OK"]],
        ])
        _ = try await fixture.bringUp(
            try ModemConfiguration(apn: "internet", apnUser: "me", apnPassword: Secret("hunter2"))
        ).run()
        #expect(fixture.port.commands.last == "AT+CGAUTH=1,2,\"me\",\"hunter2\"")
    }

    @Test func accountOfAnActiveContextIsLeft() async throws {
        let fixture = BringUpFixture(["AT+CGACT?": [["+CGACT: 1,1", "OK"]]])
        _ = try await fixture.bringUp(
            try ModemConfiguration(apn: "internet", apnUser: "me", apnPassword: Secret("hunter2"))
        ).run()
        #expect(fixture.port.commands.last == "AT+CGACT?")
    }

    @Test func contextIsPutBackWhenBringUpFailsBehindIt() async throws {
        let fixture = BringUpFixture([
            "AT+CEREG?": [["+CEREG: 0,3", "OK"]], "AT+CGDCONT?": [["OK"]], "AT+CGACT?": [["OK"]],
            "AT+CGDCONT=1,\"IPV4V6\",\"m2m\"": [["OK"]], "AT+CGDCONT=1": [["OK"]],
        ])
        let bringUp = fixture.bringUp(try ModemConfiguration(apn: "m2m"))
        await #expect(throws: ModemError.registrationDenied(cause: nil, words: nil)) { try await bringUp.run() }
        #expect(await bringUp.keeper.restore().outcome == .done)
    }

    @Test func contextThatCannotBePutBackIsReported() async throws {
        let fixture = BringUpFixture([
            "AT+CGDCONT?": [["OK"]], "AT+CGACT?": [["OK"]], "AT+CGDCONT=1,\"IPV4V6\",\"m2m\"": [["OK"]],
            "AT+CGDCONT=1": [["+CME ERROR: 3"]],
        ])
        let bringUp = fixture.bringUp(try ModemConfiguration(apn: "m2m"))
        _ = try await bringUp.run()
        #expect(await bringUp.keeper.restore().outcome == .failed("operation not allowed (+CME ERROR 3)"))
    }

    @Test(arguments: [
        ("+CME ERROR: 192", "No report available", "IP"), ("ERROR", "2,50", "IP"), ("ERROR", "2,51", "IPV6"),
        ("ERROR", "PDP type IPv4 only allowed", "IP"), ("+CME ERROR: 128", "", "IP"),
    ])
    func otherTypeIsTriedWhenTheNetworkAsksForIt(result: String, report: String, type: String) async throws {
        let fixture = BringUpFixture([
            "AT+CEER": [["+CEER: \(report)", "OK"]], "AT+CGDCONT=1,\"\(type)\",\"internet\"": [["OK"]],
            "AT+CGDCONT=1,\"IPV4V6\",\"internet\"": [["OK"]],
        ])
        let bringUp = fixture.bringUp(try ModemConfiguration())
        let ready = try await bringUp.run()
        let code = result.hasPrefix("+CME") ? FinalResultCode.cme(number: Int(result.suffix(3)), text: "") : .error
        let refusal = await bringUp.keeper.refusal(of: ready.context, code: code)
        let adapted = try await bringUp.keeper.adapted(ready.context, after: refusal)
        #expect(adapted?.type.rawValue == type)
        #expect(adapted?.restoration == .redefine(type: "IPV4V6", apn: "internet"))
        #expect(await bringUp.keeper.restore().outcome == .done)
        #expect(fixture.port.commands.last == "AT+CGDCONT=1,\"IPV4V6\",\"internet\"")
    }

    @Test func typeThatTheOwnerChoseIsNotReplaced() async throws {
        let fixture = BringUpFixture(["AT+CEER": [["+CEER: 2,50", "OK"]]])
        let bringUp = fixture.bringUp(try ModemConfiguration(pdpType: .ipv4v6))
        let ready = try await bringUp.run()
        let refusal = await bringUp.keeper.refusal(of: ready.context, code: .error)
        #expect(try await bringUp.keeper.adapted(ready.context, after: refusal) == nil)
    }

    @Test(arguments: [
        (127, FailureClass.configuration, Scopes.ExitStatus.configuration), (149, .configuration, .credentialsRefused),
        (129, .configuration, .credentialsRefused), (126, .network, .unavailable), (148, .network, .unavailable),
    ])
    func refusalHasTheClassOfItsCause(number: Int, failureClass: FailureClass, status: Scopes.ExitStatus) async throws {
        let fixture = BringUpFixture()
        let bringUp = fixture.bringUp(try ModemConfiguration(apn: "internet"))
        let ready = try await bringUp.run()
        let refusal = await bringUp.keeper.refusal(of: ready.context, code: .cme(number: number, text: ""))
        #expect(refusal.failureClass == failureClass && refusal.exitStatus == status)
        #expect(refusal.summary.contains("+CME ERROR \(number)") && refusal.summary.contains("internet"))
    }
}
