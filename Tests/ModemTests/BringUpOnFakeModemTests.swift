import AT
import Credentials
import FakeModem
import Modem
import NIOCore
import NIOPosix
import Scopes
import SerialPort
import Testing

/// Bring-up over a real pty against the fake modem, which has another author than the commands.
@Suite(.timeLimit(.minutes(5))) struct BringUpOnFakeModemTests {
    private struct Run {
        var ready: ReadyModem?
        var error: ModemError?
        var commands = 0
        var restored: TeardownStep.Outcome?
        var store: MemoryGuardStore
    }

    private func run(
        _ configuration: ModemConfiguration, store: MemoryGuardStore = MemoryGuardStore(),
        _ change: (inout FakeModemOptions) -> Void = { _ in }
    ) async throws -> Run {
        var options = FakeModemOptions()
        options.timeScale = 20
        change(&options)
        let modem = try FakeModem(options)
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        let serial = try await SerialPort.open(SerialPortConfiguration(path: modem.path), threads: threads)
        let channel = try await serial.makeChannel(on: MultiThreadedEventLoopGroup.singleton.next()) { _ in }
        let port = try await ATPort.open(on: channel)
        _ = try await port.synchronise()
        let events = EventLog()
        let bringUp = BringUp(
            port: port, configuration: configuration, guardStore: store, digests: .forTests, progress: events.add)
        var run = Run(store: store)
        do throws(ModemError) {
            run.ready = try await bringUp.run()
        } catch {
            run.error = error
        }
        run.restored = await bringUp.keeper.restore().outcome
        run.commands = events.all.filter { $0.event == .ended }.map(\.commands).reduce(0, +)
        _ = await port.close()
        _ = await serial.close()
        let balance = await modem.stop()
        #expect(balance.isBalanced)
        try await threads.shutdownGracefully()
        return run
    }

    private func limits() -> ModemConfiguration.Limits {
        ModemConfiguration.Limits(sim: .seconds(2), registration: .seconds(2), pollInterval: .milliseconds(50))
    }

    @Test func readyModemCostsNineCommandsWhenItsContextHasToBeDefined() async throws {
        let run = try await run(try ModemConfiguration(apn: "internet"))
        #expect(run.error == nil)
        #expect(run.ready?.profile == .quectel && run.ready?.context.apn == "internet")
        #expect(run.ready?.identity.imei?.count == 15)
        #expect(run.commands == 9)
        #expect(run.restored == .done)
    }

    @Test func networksOwnContextNeedsNoChange() async throws {
        let run = try await run(try ModemConfiguration())
        #expect(run.ready?.context.cid == 1 && run.commands == 7 && run.restored == .notNeeded)
    }

    @Test func chatterAndSplitReadsChangeNothing() async throws {
        let run = try await run(try ModemConfiguration(apn: "internet")) { options in
            options.chatter = 60
            options.fragmentation = .allCases.last ?? .none
            options.seed = 7
        }
        #expect(run.error == nil && run.ready?.registration.status == .home)
    }

    @Test func pinOpensTheSIM() async throws {
        let run = try await run(try ModemConfiguration(simPIN: Secret("4711"), limits: limits())) { options in
            options.sim = .locked(pin: Secret("4711"))
        }
        #expect(run.error == nil && run.ready != nil)
        #expect(run.store.history.map { $0.intent?.triesLeft } == [3, nil])
    }

    @Test func wrongPINIsSpentOnce() async throws {
        let store = MemoryGuardStore()
        let configuration = try ModemConfiguration(simPIN: Secret("0000"), limits: limits())
        let lock: (inout FakeModemOptions) -> Void = { $0.sim = .locked(pin: Secret("4711")) }
        #expect(try await run(configuration, store: store, lock).error == .pinRefused(triesLeft: 2))
        guard case .pinRefusedBefore = try await run(configuration, store: store, lock).error else {
            Issue.record("the PIN was sent again")
            return
        }
    }

    @Test func stateOfTheSIMIsToldApart() async throws {
        let configuration = try ModemConfiguration(simPIN: Secret("4711"), limits: limits())
        #expect(try await run(configuration) { $0.sim = .blocked(puk: Secret("12345678")) }.error == .pukRequired)
        #expect(try await run(configuration) { $0.sim = .absent }.error == .simAbsent)
        #expect(try await run(configuration) { $0.sim = .busy(.seconds(3), then: .ready) }.error == nil)
    }

    @Test func networksThatDoNotTakeTheModemAreToldApart() async throws {
        let configuration = try ModemConfiguration(limits: limits())
        guard
            case .registrationDenied(let cause, _) = try await run(
                configuration, { $0.registration = .denied(cause: 11) }
            ).error
        else {
            Issue.record("not denied")
            return
        }
        #expect(cause == NetworkCause(.registration, 11))
        guard case .roamingRefused(let network) = try await run(configuration, { $0.registration = .roaming }).error
        else {
            Issue.record("not refused")
            return
        }
        #expect(network == "Modemail Test")
        guard
            case .registrationTimedOut(let state, let signal, _) = try await run(
                configuration, { $0.registration = .none }
            ).error
        else {
            Issue.record("registered")
            return
        }
        #expect(state == "searching" && signal == -65)
    }

    @Test func networksThatTakeTheModemAreUsed() async throws {
        let configuration = try ModemConfiguration(apn: "internet", allowsRoaming: true, limits: limits())
        #expect(
            try await run(configuration) { $0.registration = .lteOnly }.ready?.registration.domain
                == .evolvedPacketSystem)
        #expect(try await run(configuration) { $0.registration = .roaming }.ready?.registration.status == .roaming)
        #expect(
            try await run(configuration) { $0.registration = .searching(.seconds(10), then: .home) }.ready?.context.apn
                == "internet")
    }

    @Test func accountIsTakenAndPutBack() async throws {
        let run = try await run(try ModemConfiguration(apn: "m2m", apnUser: "me", apnPassword: Secret("hunter2")))
        #expect(run.error == nil && run.restored == .done)
    }

    @Test func contextsAreTheDialectsWhereTheSocketsHaveTheirOwn() async throws {
        let account = try ModemConfiguration(apn: "internet", apnUser: "u", apnPassword: Secret("p"))
        let run = try await run(account) { $0.profile = .simcomSIM800 }
        #expect(run.ready?.profile == .simcom)
        #expect(run.ready?.context == PDPContext(cid: 1, type: .ipv4, apn: "internet", account: account.account))
        #expect(run.restored == .notNeeded)
    }
}
