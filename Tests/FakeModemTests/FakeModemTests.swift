import FakeModem
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FakeModemTests {
    @Test func octetsGoToARealSocketAndBack() async throws {
        let server = try await EchoServer()
        var options = FakeModemOptions()
        options.routes = [Route(host: "mail.example.com", port: 465, address: "127.0.0.1", targetPort: server.port)]
        let modem = try FakeModem(options)
        let host = try RawHost(modem.path)
        #expect(try host.ask("AT") == "AT\r\r\nOK\r\n")
        try host.ask("ATE0")
        #expect(try host.ask("ATI").contains("\r\nQuectel\r\nEC25\r\nRevision: EC25"))
        try host.ask("AT+QISDE=0")
        try host.ask("AT+QIACT=1")
        try host.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,0")
        try host.read(until: "\r\n+QIOPEN: 0,0\r\n")
        #expect(try host.ask("AT+QISEND=0,5", until: "> ") == "\r\n> ")
        try host.type("hello")
        let lines = try host.read(count: "\r\nSEND OK\r\n\r\n+QIURC: \"recv\",0\r\n".utf8.count)  // in either order
        #expect(String(decoding: lines, as: UTF8.self).contains("\r\n+QIURC: \"recv\",0\r\n"))
        #expect(try host.ask("AT+QIRD=0,1500") == "\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n")
        try host.ask("AT+QICLOSE=0")
        try host.ask("AT+QIDEACT=1")
        host.close()
        let isBalanced = await modem.wait { $0.contains { if case .balanced = $0.event { true } else { false } } }
        #expect(isBalanced)
        let balance = await modem.stop()
        #expect(balance.isBalanced)
        #expect(balance.opened == ["port": 1, "bearer": 1, "socket": 1, "data": 0])
        try await server.stop()
    }
}
