import AT
import Credentials
import Modem
import Scopes
import Testing

@Suite(.timeLimit(.minutes(5))) struct BringUpSIMTests {
    private static let pin = Secret("4711")
    private static let locked = ["AT+CPIN?": [["+CPIN: SIM PIN", "OK"], ["+CPIN: READY", "OK"]]]
    private static let entry = "AT+CPIN=\"4711\""
    private static let key = "iccid-89490200001234567890"

    private func configuration(allows: Bool = false) throws -> ModemConfiguration {
        try ModemConfiguration(simPIN: Self.pin, allowsPINWithoutGuard: allows)
    }

    @Test(arguments: [["+CME ERROR: 14"], ["+CME ERROR: SIM busy"], ["+CME ERROR: 13"], ["+CME ERROR: 515"], ["ERROR"]])
    func busySIMIsWaitedFor(answer: [String]) async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [answer, answer, answer, ["+CPIN: READY", "OK"]]])
        _ = try await fixture.bringUp(try ModemConfiguration()).run()
        #expect(fixture.port.count("AT+CPIN?") == 4)
        #expect(fixture.clock.elapsed == .seconds(3))
        #expect(fixture.events.notes.contains { $0.hasPrefix("waiting for the SIM: ") })
    }

    @Test func busySIMIsNotWaitedForBeyondTheLimit() async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [["+CME ERROR: 14"]]])
        let error = await fixture.failure(try ModemConfiguration())
        #expect(error == .simNotReady(words: "SIM busy (+CME ERROR 14)", limit: .seconds(30)))
        #expect(error?.failureClass == .sim && error?.exitStatus == .unavailable)
        #expect(fixture.clock.elapsed == .seconds(30))
    }

    @Test func lineOfTheSIMEndsTheWait() async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [["+CME ERROR: 14"], ["+CPIN: READY", "OK"]]])
        let bringUp = fixture.bringUp(try ModemConfiguration(), clock: HeldClock())
        async let ready = bringUp.run()
        while fixture.port.count("AT+CPIN?") == 0 { await Task.yield() }
        fixture.port.emit("+CPIN: READY")
        _ = try await ready
        #expect(fixture.port.count("AT+CPIN?") == 2)
    }

    @Test func absentSIMIsSaidAfterASecondLook() async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [["+CME ERROR: 10"]]])
        #expect(await fixture.failure(try ModemConfiguration()) == .simAbsent)
        #expect(fixture.port.count("AT+CPIN?") == 2)
    }

    @Test func minimumFunctionalityIsEndedFirst() async throws {
        let fixture = BringUpFixture([
            "AT+CPIN?": [["ERROR"], ["+CPIN: READY", "OK"]], "AT+CFUN?": [["+CFUN: 0", "OK"]], "AT+CFUN=1": [["OK"]],
        ])
        _ = try await fixture.bringUp(try ModemConfiguration()).run()
        #expect(fixture.port.count("AT+CFUN=1") == 1)
    }

    @Test(arguments: [
        (["+CPIN: SIM PUK", "OK"], ModemError.pukRequired), (["+CME ERROR: 12"], .pukRequired),
        (["+CPIN: PH-NET PIN", "OK"], .simLocked(code: "PH-NET PIN")),
        (["+CME ERROR: 40"], .simLocked(code: "network personalization PIN required (+CME ERROR 40)")),
    ])
    func lockThatNoPINOpensEndsAtOnce(answer: [String], expected: ModemError) async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [answer]])
        #expect(await fixture.failure(try configuration()) == expected)
        #expect(expected.failureClass == .sim)
        #expect(fixture.port.commands.contains { $0.hasPrefix("AT+CPIN=") } == false)
    }

    @Test(arguments: ["SIM PIN2", "SIM PUK2"])
    func secondPINIsNotNeeded(code: String) async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [["+CPIN: \(code)", "OK"]]])
        _ = try await fixture.bringUp(try ModemConfiguration()).run()
    }

    @Test func pinThatIsNotConfiguredIsAskedOfTheOwner() async throws {
        let fixture = BringUpFixture(Self.locked)
        let error = await fixture.failure(try ModemConfiguration())
        #expect(error == .pinRequired && error?.exitStatus == .configuration)
    }

    @Test func rightPINIsSentOnceAfterItsIntentAndLeavesNone() async throws {
        let fixture = BringUpFixture(Self.locked.merging([Self.entry: [["OK"]]]) { $1 })
        _ = try await fixture.bringUp(try configuration()).run()
        #expect(fixture.port.count(Self.entry) == 1)
        #expect(fixture.store.history.map { $0.intent?.triesLeft } == [3, nil])
        #expect(fixture.store.records[Self.key]?.refused == [])
        let order = fixture.port.commands.filter { ["AT+QCCID", "AT+QPINC?", Self.entry].contains($0) }
        #expect(order == ["AT+QCCID", "AT+QPINC?", Self.entry])
        #expect(fixture.port.shown.contains { $0.contains("4711") } == false)
    }

    @Test func intentIsStoredBeforeThePINLeaves() async throws {
        let store = MemoryGuardStore()
        let seen = EventLog()
        let port = ScriptedPort(
            BringUpFixture.ready.merging(Self.locked) { $1 }.merging([Self.entry: [["OK"]]]) { $1 },
            onCommand: { command in
                guard command == Self.entry, store.records[Self.key]?.intent != nil else { return }
                seen.add(ModemProgress(phase: .sim, event: .began))
            })
        _ = try await BringUp(
            port: port, configuration: try configuration(), guardStore: store, digests: .forTests, clock: VirtualClock()
        ).run()
        #expect(seen.all.count == 1)
    }

    @Test func refusedPINIsNeverSentAgain() async throws {
        let fixture = BringUpFixture([
            "AT+CPIN?": [["+CPIN: SIM PIN", "OK"]], Self.entry: [["+CME ERROR: 16"]],
            "AT+QPINC?": [["+QPINC: \"SC\",3,10", "OK"], ["+QPINC: \"SC\",2,10", "OK"]],
        ])
        let first = await fixture.failure(try configuration())
        #expect(first == .pinRefused(triesLeft: 2) && first?.exitStatus == .credentialsRefused)
        for _ in 0..<3 {
            let again = await fixture.failure(try configuration())
            #expect(
                again == .pinRefusedBefore(record: "memory/\(Self.key)") && again?.exitStatus == .credentialsRefused)
        }
        #expect(fixture.port.count(Self.entry) == 1)
    }

    @Test func anotherPINMayFollowARefusedOne() async throws {
        let fixture = BringUpFixture([
            "AT+CPIN?": [["+CPIN: SIM PIN", "OK"], ["+CPIN: SIM PIN", "OK"], ["+CPIN: READY", "OK"]],
            Self.entry: [["+CME ERROR: 16"]], "AT+CPIN=\"0815\"": [["OK"]],
            "AT+QPINC?": [["+QPINC: \"SC\",3,10", "OK"], ["+QPINC: \"SC\",2,10", "OK"]],
        ])
        #expect(await fixture.failure(try configuration()) == .pinRefused(triesLeft: 2))
        _ = try await fixture.bringUp(try ModemConfiguration(simPIN: Secret("0815"))).run()
        #expect(fixture.store.records[Self.key]?.refused.count == 1)
    }

    @Test func refusedPINOfOneSIMMayBeSentToAnother() async throws {
        let fixture = BringUpFixture([
            "AT+CPIN?": [["+CPIN: SIM PIN", "OK"], ["+CPIN: SIM PIN", "OK"], ["+CPIN: READY", "OK"]],
            Self.entry: [["+CME ERROR: 16"], ["OK"]],
            "AT+QCCID": [["+QCCID: 89490200001234567890", "OK"], ["+QCCID: 89490200001234567899", "OK"]],
        ])
        #expect(await fixture.failure(try configuration()) != nil)
        _ = try await fixture.bringUp(try configuration()).run()
        #expect(fixture.store.records.count == 2)
    }

    @Test(arguments: [0, 1])
    func fewerThanTwoTriesSendNoPIN(tries: Int) async throws {
        let fixture = BringUpFixture(Self.locked.merging(["AT+QPINC?": [["+QPINC: \"SC\",\(tries),10", "OK"]]]) { $1 })
        for allows in [false, true] {
            let error = await fixture.failure(try configuration(allows: allows))
            #expect(error == .pinTriesTooFew(tries) && error?.exitStatus == .credentialsRefused)
            fixture.port.answer("AT+CPIN?", [["+CPIN: SIM PIN", "OK"]])
        }
        #expect(fixture.port.count(Self.entry) == 0)
    }

    @Test func triesThatCannotBeAskedSendNoPINUnlessAllowed() async throws {
        let unknown = Self.locked.merging(["AT+QPINC?": [["ERROR"]], Self.entry: [["OK"]]]) { $1 }
        let fixture = BringUpFixture(unknown)
        let error = await fixture.failure(try configuration())
        #expect(error == .pinCounterUnknown && error?.exitStatus == .configuration)
        #expect(fixture.port.count(Self.entry) == 0)
        let other = BringUpFixture(unknown)
        _ = try await other.bringUp(try configuration(allows: true)).run()
        #expect(other.port.count(Self.entry) == 1)
    }

    @Test func useThatCannotBeRecordedSendsNoPINUnlessAllowed() async throws {
        let fixture = BringUpFixture(Self.locked.merging([Self.entry: [["OK"]]]) { $1 })
        fixture.store.fail("read-only file system")
        let error = await fixture.failure(try configuration())
        #expect(error == .pinRecordUnavailable(words: "read-only file system") && error?.exitStatus == .configuration)
        fixture.port.answer("AT+CPIN?", [["+CPIN: SIM PIN", "OK"]])
        #expect(
            await fixture.failure(try configuration(), hasStore: false)
                == .pinRecordUnavailable(words: "no state directory"))
        #expect(fixture.port.count(Self.entry) == 0)
        fixture.port.answer("AT+CPIN?", [["+CPIN: SIM PIN", "OK"], ["+CPIN: READY", "OK"]])
        _ = try await fixture.bringUp(try configuration(allows: true), hasStore: false).run()
        #expect(fixture.port.count(Self.entry) == 1)
    }

    @Test func recordIsUnderTheIMEIWhereTheSIMIsSilent() async throws {
        let fixture = BringUpFixture(
            Self.locked.merging(["AT+QCCID": [["+CME ERROR: 11"]], Self.entry: [["OK"]]]) { $1 })
        _ = try await fixture.bringUp(try configuration()).run()
        #expect(Array(fixture.store.records.keys) == ["imei-861536030196001"])
    }

    @Test func pinWithoutAnAnswerCountsAsRefusedOnceATryIsMissing() async throws {
        let fixture = BringUpFixture([
            "AT+CPIN?": [["+CPIN: SIM PIN", "OK"]], Self.entry: [["GONE"]],
            "AT+QPINC?": [["+QPINC: \"SC\",3,10", "OK"], ["+QPINC: \"SC\",2,10", "OK"]],
        ])
        #expect(await fixture.failure(try configuration()) == .line(phase: .sim, .portGone("unplugged")))
        #expect(await fixture.failure(try configuration()) == .pinRefusedBefore(record: "memory/\(Self.key)"))
        #expect(fixture.port.count(Self.entry) == 1)
    }

    @Test func pinThatGotLostOnTheWayIsSentAgain() async throws {
        let fixture = BringUpFixture([
            "AT+CPIN?": [["+CPIN: SIM PIN", "OK"], ["+CPIN: SIM PIN", "OK"], ["+CPIN: READY", "OK"]],
            Self.entry: [["+CME ERROR: 14"], ["OK"]],
        ])
        _ = try await fixture.bringUp(try configuration()).run()
        #expect(fixture.port.count(Self.entry) == 2)
    }

    @Test func pinIsSentAtMostTwiceToASIMThatStaysBusy() async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [["+CPIN: SIM PIN", "OK"]], Self.entry: [["+CME ERROR: 14"]]])
        #expect(
            await fixture.failure(try configuration()) == .simNotReady(words: "it takes no PIN", limit: .seconds(30)))
        #expect(fixture.port.count(Self.entry) == 2)
    }

    @Test func simTooBusyToSayWhoItIsGetsNoPINUntilItDoes() async throws {
        let fixture = BringUpFixture([
            "AT+CPIN?": [["+CPIN: SIM PIN", "OK"], ["+CPIN: SIM PIN", "OK"], ["+CPIN: READY", "OK"]],
            Self.entry: [["OK"]],
            "AT+QCCID": [["+CME ERROR: 14"], ["+QCCID: 89490200001234567890", "OK"]],
        ])
        _ = try await fixture.bringUp(try configuration()).run()
        #expect(Array(fixture.store.records.keys) == [Self.key])
        #expect(fixture.port.count(Self.entry) == 1)
    }

    @Test func acceptedPINIsNotSentAgainWhileTheSIMStarts() async throws {
        let fixture = BringUpFixture(["AT+CPIN?": [["+CPIN: SIM PIN", "OK"]], Self.entry: [["OK"]]])
        guard case .simNotReady = await fixture.failure(try configuration()) else {
            Issue.record("the SIM never became ready")
            return
        }
        #expect(fixture.port.count(Self.entry) == 1)
    }
}
