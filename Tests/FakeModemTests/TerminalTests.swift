import Glibc
import NIOCore
import Testing

@testable import FakeModem

/// The pty itself: hosts that come and go, speeds, unplugging, links.
@Suite(.timeLimit(.minutes(5)))
struct TerminalTests {
    private func opened(_ modem: FakeModem) -> Int { modem.balance.opened["port"] ?? 0 }

    @Test func hostsComeAndGoAndTheSettingsOfTheModemStay() async throws {
        let modem = try FakeModem(FakeModemOptions())
        for round in 1...5 {
            let host = try RawHost(modem.path)
            try host.ask(round == 1 ? "AT+CMEE=2" : "AT+CMEE?")
            host.close()
            let isClosed = await modem.wait { entries in
                entries.filter { $0.event == .closed(.port) }.count == round
            }
            #expect(isClosed)
            #expect(modem.balance.isBalanced)
            #expect(opened(modem) == round)
        }
        await modem.stop()
    }

    @Test func twoHostsAtOnceAreCountedAndOnlyTheLastCloseDropsDTR() async throws {
        let modem = try FakeModem(FakeModemOptions())
        let one = try RawHost(modem.path)
        let other = try RawHost(modem.path)
        try one.ask("AT")
        one.close()
        try other.ask("AT")
        #expect(modem.balance.open[.port] == 1)
        other.close()
        await modem.wait { $0.contains { if case .balanced = $0.event { true } else { false } } }
        #expect(modem.ledger.filter { $0.detail.contains("DTR") }.count == 1)
        await modem.stop()
    }

    @Test func aHalfTypedLineOutlivesItsHost() async throws {
        let modem = try FakeModem(FakeModemOptions())
        let one = try RawHost(modem.path)
        try one.type("AT+CG")
        try one.read(until: "AT+CG")
        one.close()
        await modem.wait { $0.contains { $0.event == .closed(.port) } }
        let other = try RawHost(modem.path)
        try other.type("MM\r")
        try other.read(until: "\r\nEC25\r\n\r\nOK\r\n")
        await modem.stop()
    }

    @Test func anUnpluggedModemIsAHangUpForItsHost() async throws {
        var options = FakeModemOptions()
        options.faults = try FaultScript(parsing: "at command AT+CSQ: unplug")
        let modem = try FakeModem(options)
        let host = try RawHost(modem.path)
        #expect(throws: RawHost.TimedOut.self) { try host.ask("AT+CSQ") }
        #expect(await modem.stop().isBalanced)
    }

    @Test func aPreludeLeavesTheModemInDataModeAndTheEscapeLeadsOut() async throws {
        let server = try await EchoServer()
        var options = FakeModemOptions()
        options.routes = [Route(host: "a.example", port: 1, address: "127.0.0.1", targetPort: server.port)]
        options.prelude = ["AT+QIACT=1\r", "AT+QIOPEN=1,0,\"TCP\",\"a.example\",1,0,2\r"]
        options.timeScale = 20
        let modem = try FakeModem(options)
        #expect(modem.balance.open == [.bearer(1): 1, .socket(0): 1, .dataMode: 1])
        let host = try RawHost(modem.path)
        try host.type("AT\r")
        #expect(try host.read(count: 3) == Array("AT\r".utf8))  // from the echo server, not from the modem
        await modem.wait { _ in true }
        try host.escape()
        try host.ask("AT+QICLOSE=0")
        try host.ask("AT+QIDEACT=1")
        host.close()
        await modem.wait { $0.contains { if case .balanced = $0.event { true } else { false } } }
        #expect(await modem.stop().isBalanced)
        try await server.stop()
    }

    @Test func manyOctetsPassWholeThroughASmallSlowFarEnd() async throws {
        let server = try await EchoServer()
        for seed in UInt64(1)...2 {
            var options = FakeModemOptions()
            options.routes = [Route(host: "a.example", port: 1, address: "127.0.0.1", targetPort: server.port)]
            options.seed = seed
            options.partialWrites = 30
            options.fragmentation = .random
            options.receiveBuffer = 4_000
            let modem = try FakeModem(options)
            let host = try RawHost(modem.path)
            try host.ask("ATE0;+QISDE=0;+QIACT=1")
            try host.ask("AT+QIOPEN=1,0,\"TCP\",\"a.example\",1,0,0", until: "+QIOPEN: 0,0\r\n")
            let octets = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let answer = try host.exchange(octets)
            #expect(answer == octets, "seed \(seed)")
            try host.ask("AT+QICLOSE=0;+QIDEACT=1")
            host.close()
            await modem.wait { $0.contains { if case .balanced = $0.event { true } else { false } } }
            #expect(await modem.stop().isBalanced)
        }
        try await server.stop()
    }

    @Test func aServerThatResetsIsSeenAsClosed() async throws {
        let far = try Listener()
        var options = FakeModemOptions()
        options.routes = [Route(host: "a.example", port: 1, address: "127.0.0.1", targetPort: far.port)]
        let modem = try FakeModem(options)
        let host = try RawHost(modem.path)
        try host.ask("ATE0;+QIACT=1")
        try host.ask("AT+QIOPEN=1,0,\"TCP\",\"a.example\",1,0,0", until: "+QIOPEN: 0,0\r\n")
        try far.acceptAndReset()
        try host.read(until: "\r\n+QIURC: \"closed\",0\r\n")
        #expect(modem.ledger.contains { $0.event == .note("peer") && $0.detail.hasSuffix("reset") })
        try host.ask("AT+QICLOSE=0")
        await modem.stop()
    }

    @Test func anUnroutedOrRefusedPortFails() async throws {
        let far = try Listener()
        let port = far.port
        far.close()
        var options = FakeModemOptions()
        options.routes = [Route(host: "a.example", port: 1, address: "127.0.0.1", targetPort: port)]
        let modem = try FakeModem(options)
        let host = try RawHost(modem.path)
        try host.ask("ATE0;+QIACT=1")
        try host.ask("AT+QIOPEN=1,0,\"TCP\",\"a.example\",1,0,0", until: "+QIOPEN: 0,566\r\n")
        try host.ask("AT+QIOPEN=1,1,\"TCP\",\"a.example\",2,0,0", until: "+QIOPEN: 1,566\r\n")
        await modem.stop()
    }

    @Test func theLinkIsReplacedAndRemovedAndNothingElseIsTouched() async throws {
        let link = "/tmp/fake-modem-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        var options = FakeModemOptions()
        options.link = link
        let one = try FakeModem(options)
        #expect(one.path == link)
        let two = try FakeModem(options)  // an old link is replaced
        let host = try RawHost(link)
        try host.ask("AT")
        #expect(two.balance.open == [.port: 1])
        await two.stop()
        #expect(unsafe access(link, F_OK) != 0)
        await one.stop()
        options.link = "/tmp"
        #expect(throws: FakeModemError.self) { try FakeModem(options) }
    }

    @Test func anOpenSocketUnbalancesTheEnd() async throws {
        let modem = try FakeModem(FakeModemOptions())
        let host = try RawHost(modem.path)
        try host.ask("AT+QIACT=1")
        host.close()
        await modem.wait { $0.contains { $0.event == .closed(.port) } }
        let balance = await modem.stop()
        #expect(!balance.isBalanced)
        #expect(modem.ledger.last?.json.hasPrefix("{\"balanced\":false,\"t\":") == true)
        #expect(modem.ledger.last?.json.hasSuffix("\"open\":[\"bearer 1\"]}") == true)
        #expect(await modem.stop() == balance)
    }
}
