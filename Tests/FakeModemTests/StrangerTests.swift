import Glibc
import NIOCore
import Support
import Testing

@testable import FakeModem

/// Programs of others, from Debian, meet the fake: what they take for a modem is not for us to say. A missing one is a failure.
@Suite(.timeLimit(.minutes(2)))
struct StrangerTests {
    private static func temporary(_ name: String) -> String {
        "/tmp/modemail-\(name)-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    }

    private func ended(_ modem: FakeModem) async -> Balance {
        await modem.wait { $0.contains { if case .balanced = $0.event { true } else { false } } }
        return await modem.stop()
    }

    @Test func gammuIdentifiesIt() async throws {
        let modem = try FakeModem(FakeModemOptions())
        let file = Self.temporary("gammurc")
        try TestProcess.run(["tee", file], input: "[gammu]\ndevice = \(modem.path)\nconnection = at115200\n")
        defer { _ = unsafe unlink(file) }
        let output = try TestProcess.run(["gammu", "-c", file, "identify"])
        #expect(output.contains("Quectel"))
        #expect(output.contains("EC25"))
        #expect(output.contains("EC25EFAR06A06M4G"))
        #expect(output.contains("861641040012345"))
        #expect(output.contains("001010123456789"))
        #expect(await ended(modem).isBalanced)
    }

    @Test func wvdialconfFindsIt() async throws {
        let modem = try FakeModem(FakeModemOptions())
        // It looks for names like this alone.
        let name = "ttyUSB\(900_000 + Int(getpid()) % 100_000)"
        guard unsafe symlink(modem.path, "/dev/\(name)") == 0 else {
            Issue.record("/dev/\(name) cannot be made: errno \(errno)")
            return
        }
        defer { _ = unsafe unlink("/dev/\(name)") }
        let file = Self.temporary("wvdial")
        defer { _ = unsafe unlink(file) }
        let output = try TestProcess.run(["wvdialconf", file])
        #expect(output.contains("Found a modem on /dev/\(name)."))
        #expect(output.contains("\(name)<*1>: Modem Identifier: ATI -- Quectel"))
        #expect(await ended(modem).isBalanced)
    }

    @Test func aSocatScriptSendsOctetsThroughIt() async throws {
        let server = try await EchoServer()
        var options = FakeModemOptions()
        options.routes = [Route(host: "a.example", port: 7, address: "127.0.0.1", targetPort: server.port)]
        let modem = try FakeModem(options)
        let socat = try TestProcess.start(["socat", "-,ignoreeof", "\(modem.path),raw,echo=0"])
        for (typed, answer) in [
            ("ATE0\r", "\r\nOK\r\n"), ("AT+QISDE=0\r", "\r\nOK\r\n"), ("AT+QIACT=1\r", "\r\nOK\r\n"),
            ("AT+QIOPEN=1,0,\"TCP\",\"a.example\",7,0,0\r", "\r\n+QIOPEN: 0,0\r\n"), ("AT+QISEND=0,5\r", "> "),
            ("socat", "\r\n+QIURC: \"recv\",0\r\n"), ("AT+QIRD=0,1500\r", "\r\n+QIRD: 5\r\nsocat\r\n\r\nOK\r\n"),
            ("AT+QICLOSE=0\r", "\r\nOK\r\n"), ("AT+QIDEACT=1\r", "\r\nOK\r\n"),
        ] {
            socat.write(typed)
            let output = socat.readUntil(answer)
            #expect(output != nil, "\(typed.debugDescription)")
        }
        socat.stop()
        #expect(await ended(modem).isBalanced)
        try await server.stop()
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func theProgramEndsCleanlyOnASignalAndSaysWhetherItBalances(_ signal: Int32) async throws {
        let link = Self.temporary("link")
        let ledger = Self.temporary("ledger")
        defer { _ = unsafe unlink(ledger) }
        for isBalanced in [true, false] {
            let program = try TestProcess.start([".build/debug/fake-modem", "--link", link, "--ledger", ledger])
            #expect(program.readUntil("\n") == "ready \(link)\n")
            let host = try RawHost(link)
            try host.ask(isBalanced ? "AT" : "AT+QIACT=1")
            host.close()
            program.signal(signal)
            #expect(program.wait() == (isBalanced ? 0 : 1))
            #expect(unsafe access(link, F_OK) != 0)
            let lines = try TestProcess.run(["cat", ledger]).split(separator: "\n")
            #expect(lines.last?.hasPrefix("{\"balanced\":\(isBalanced),") == true)
        }
    }

    @Test(arguments: [
        ["--profile", "nokia"], ["--sim", "pin:abc"], ["--rtt", "5"], ["--route", "x"], ["--registration", "sideways"],
        ["--faults", "/nonexistent"], ["--baud", "0"], ["--nonsense"],
    ])
    func badOptionsAreNamedAndAUsageError(_ arguments: [String]) throws {
        let program = try TestProcess.start([".build/debug/fake-modem"] + arguments)
        let output = program.readToEnd()
        #expect(program.wait() == 64)
        #expect(!output.contains("ready /"))
        #expect(output.contains(arguments[0]))
    }
}
