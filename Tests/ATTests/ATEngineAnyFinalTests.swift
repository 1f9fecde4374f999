import AT
import NIOCore
import Testing

/// A command of whose kind nothing is known.
@Suite struct ATEngineAnyFinalTests {
    private static let id = ATEngine.ID(1)

    private func run(_ line: String, _ received: String) throws -> (engine: ATEngine, actions: [ATEngine.Action]) {
        var engine = ATEngine()
        var actions = engine.handle(.submit(Self.id, try TypedCommand(line).exchange), now: .uptimeNanoseconds(1))
        actions += engine.handle(.received(ByteBuffer(string: received)), now: .uptimeNanoseconds(2))
        return (engine, actions)
    }

    private func answer(_ actions: [ATEngine.Action]) -> Exchange.Answer? {
        for case .finish(Self.id, .success(let answer)) in actions { return answer }
        return nil
    }

    @Test func aPromptThatNobodyExpectedIsAnsweredWithEscape() throws {
        let (_, actions) = try run("AT+XSEND=5", "\r\n> ")
        #expect(actions.contains(.write(ByteBuffer(bytes: [0x1B]))))
        #expect(answer(actions) == nil)
        let (_, whole) = try run("AT+XSEND=5", "\r\n> \r\nERROR\r\n")
        #expect(answer(whole)?.result == .error)
        #expect(answer(whole)?.octetsWritten == 1)
    }

    @Test func connectEndsItInDataMode() throws {
        let (engine, actions) = try run("AT+XDATA=1", "\r\nCONNECT 9600\r\ndata")
        #expect(answer(actions)?.result == .connect("9600"))
        #expect(engine.isInDataMode)
        #expect(actions.contains(.deliver(ByteBuffer(string: "data"))))
    }

    @Test func whatComesUnaskedIsNoPartOfTheAnswer() throws {
        let (_, actions) = try run("AT+CSQ?", "\r\n+CREG: 1\r\n\r\n+CSQ: 20,99\r\n\r\n+XYZ: 1\r\n\r\nOK\r\n")
        #expect(answer(actions)?.lines == [ATLine("+CSQ: 20,99")])
        #expect(actions.contains(.publish(ATLine("+CREG: 1"))))
        #expect(actions.contains(.publish(ATLine("+XYZ: 1"))))
    }

    @Test func aCallsResultCodeIsNoneOfIts() throws {
        let (_, actions) = try run("AT+CSQ?", "\r\nNO CARRIER\r\n\r\nOK\r\n")
        #expect(answer(actions)?.result == .ok)
        #expect(actions.contains(.publish(ATLine("NO CARRIER"))))
    }

    @Test func theLineThatStandsForTheResultCodeEndsIt() throws {
        #expect(answer(try run("AT+CIPSHUT", "\r\nSHUT OK\r\n").actions)?.result == .ok)
        #expect(answer(try run("AT+CIPCLOSE=3", "\r\n3, CLOSE OK\r\n").actions)?.result == .ok)
        #expect(answer(try run("AT+CIPCLOSE", "\r\nCLOSE OK\r\n").actions)?.result == .ok)
    }
}
