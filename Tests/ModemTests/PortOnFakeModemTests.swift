import AT
import FakeModem
import Modem
import NIOCore
import NIOPosix
import Scopes
import SerialPort
import Testing

/// The port on a real pty, against the fake modem, which has another author.
@Suite(.timeLimit(.minutes(5))) struct PortOnFakeModemTests {
    /// Opens the line to a modem whose earlier host left it so, and closes it behind `body`.
    private func with(
        prelude: [String] = [], timeScale: Int = 1, routes: [Route] = [], guardTime: TimeAmount = .milliseconds(1_100),
        _ body: (ATPort) async throws -> Void
    ) async throws {
        var options = FakeModemOptions()
        options.prelude = prelude
        options.timeScale = timeScale
        options.routes = routes
        let modem = try FakeModem(options)
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        let serial = try await SerialPort.open(SerialPortConfiguration(path: modem.path), threads: threads)
        let channel = try await serial.makeChannel(on: MultiThreadedEventLoopGroup.singleton.next()) { _ in }
        var profile = LineProfile()
        profile.guardTime = guardTime
        let port = try await ATPort.open(on: channel, profile: profile)
        do {
            try await body(port)
        } catch {
            Issue.record(error)
        }
        #expect(await port.close().map(\.outcome) == [.done])
        _ = await serial.close()
        _ = await modem.stop()
        try await threads.shutdownGracefully()
    }

    @Test func aReadyModemCostsOneCommand() async throws {
        try await with { port in
            let report = try await port.synchronise()
            #expect(report.commands == 1 && report.findings.isEmpty && report.echoes)
        }
    }

    @Test func aHalfTypedLineIsLeft() async throws {
        try await with(prelude: ["AT+QIOP"]) { port in
            let report = try await port.synchronise()
            #expect(report.findings == [.halfTypedLine])
        }
    }

    @Test(arguments: [true, false]) func aPromptAndATransparentSocketAreLeft(isTransparent: Bool) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let route = Route(
            host: "mail.example.com", port: 25, address: "127.0.0.1", targetPort: server.localAddress?.port ?? 0)
        let open = "AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",25,0,\(isTransparent ? 2 : 0)\r"
        let send = isTransparent ? [] : ["AT+QICFG=\"qisend/timeout\",3600\r", "AT+QISEND=0,900\r"]
        let guardTime = TimeAmount.milliseconds(isTransparent ? 1_100 : 100)
        try await with(prelude: ["AT+QIACT=1\r", open] + send, routes: [route], guardTime: guardTime) { port in
            let report = try await port.synchronise()
            #expect(report.findings == [isTransparent ? .dataMode : .countedPayload])
            let close = try await port.perform(Exchange(CommandText("AT+QICLOSE=0,0"), timeout: .seconds(15)))
            #expect(close.result == .ok)
        }
        try await server.close()
    }
}
