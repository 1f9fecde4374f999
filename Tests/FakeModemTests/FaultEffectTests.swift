import NIOCore
import Support
import Testing

@testable import FakeModem

/// What each effect does to the model, and that each can come at an octet, a command, a step or a time.
@Suite struct FaultEffectTests {
    static let effects = [
        "silence", "silence 2s", "stop-reading 2s", "reboot", "unplug", "babble 100", "half-urc", "urc RING", "urcs 3",
        "urcs", "remove-sim", "late 3s", "error", "error 30", "no-prompt", "prompt-then-error", "send-fail", "noise up",
        "noise down 3", "drop-carrier", "pdpdeact", "stall", "stall 2s", "corrupt up", "corrupt down 2", "blackhole",
        "reset", "close", "half-close", "mute", "mute 2s", "dribble 40ms",
    ]
    /// Each falls into the first send and the first fetch of `session`.
    static let moments = [
        "octet 20 up", "octet 20 down", "line octet 130 up", "line octet 62 down", "command AT+QISEND", "step prompt",
        "step sent", "time 310ms",
    ]

    /// What a host and the far end see of two sends that are echoed, a second connection, and the end.
    private static func session(_ script: String, mode: Int = 0) throws -> Bench {
        let faults = try FaultScript(parsing: script)
        var bench = Bench { $0.faults = faults }
        bench.far = .echo
        var seen: [UInt8] = []
        func exchange(_ text: String, _ bench: inout Bench) {
            bench.type(text)
            bench.pass(.milliseconds(50))
            seen += Array("\(bench.now.uptimeNanoseconds): ".utf8) + bench.output
            bench.output = []
        }
        for text in [
            "ATE0\r", "AT+QISDE=0\r", "AT+QICSGP=1,1,\"internet\"\r", "AT+QIACT=1\r",
            "AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,\(mode)\r",
        ] {
            exchange(text, &bench)
        }
        for _ in 0..<2 {
            exchange("AT+QISEND=0,40\r", &bench)
            exchange(String(repeating: "p", count: 40), &bench)
            exchange("AT+QIRD=0,1500\r", &bench)
        }
        exchange("AT+QIOPEN=1,1,\"TCP\",\"mail.example.com\",465,0,0\r", &bench)
        bench.pass(.minutes(2))
        for text in ["AT+QICLOSE=0\r", "AT+QICLOSE=1\r", "AT+QIDEACT=1\r"] { exchange(text, &bench) }
        bench.output = seen
        return bench
    }

    @Test(arguments: effects) func eachEffectIsSeenWheneverItComes(_ effect: String) throws {
        let plain = try Self.session("")
        for moment in Self.moments {
            let bench = try Self.session("at \(moment): \(effect)")
            let isSeen =
                bench.output != plain.output || bench.sent != plain.sent || bench.aborted != plain.aborted
                || bench.closed != plain.closed || bench.isUnplugged
            #expect(isSeen, "\(moment): \(effect)")
        }
    }

    private func connected(_ script: String = "") throws -> (Bench, SocketKey) {
        let faults = try FaultScript(parsing: script)
        var bench = Bench { $0.faults = faults }
        let key = bench.connect()
        return (bench, key)
    }

    @Test func corruptionChangesOneBitInSoManyOctetsAndNoOther() throws {
        var (bench, key) = try connected("at octet 2 up: corrupt up 3\nat octet 4 down: corrupt down")
        _ = bench.ask("AT+QISEND=0,8")
        bench.type("@@@@@@@@")
        bench.pass(.milliseconds(50))
        #expect(bench.sent[key] == Array("@@AAA@@@".utf8))
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(string: "@@@@@@@@")))
        #expect(bench.ask("AT+QIRD=0,100").contains("\r\n@@@@A@@@\r\n"))
    }

    @Test func noiseChangesOctetsOfTheLineAlone() throws {
        var bench = try connected("at command AT+CSQ: noise down 4").0
        #expect(bench.ask("AT+CSQ").hasPrefix("\u{C}\u{B}*B"))
        #expect(bench.ask("AT+CSQ") == "\r\n+CSQ: 24,99\r\n\r\nOK\r\n")
        bench.feed(.inflict(.noise(.up, 1)))
        #expect(bench.ask("AT+CSQ") == "")  // `@T` is no command
        #expect(bench.ask("AT+CSQ").contains("OK"))
    }

    @Test func aURCStandsInEachGapOfTheNumberGiven() throws {
        var bench = try connected("at command AT+CSQ: urcs 2").0
        let noisy = bench.ask("AT+CSQ")
        #expect(noisy.split(separator: "\r\n").count == 4, "\(noisy)")
        #expect(bench.ask("AT+CSQ") == "\r\n+CSQ: 24,99\r\n\r\nOK\r\n")
    }

    @Test func aHalfCloseEndsThePeersSideAndKeepsTheConnection() throws {
        var (bench, key) = try connected()
        bench.feed(.inflict(.halfClose))
        #expect(bench.take().contains("\"closed\",0"))
        #expect(bench.closed.isEmpty && bench.aborted.isEmpty)
        _ = bench.ask("AT+QICLOSE=0", for: .seconds(11))
        #expect(bench.closed == [key] || bench.aborted == [key])
    }

    @Test func aMuteServerTakesEverythingAndSaysItLater() throws {
        var (bench, key) = try connected()
        bench.far = .echo
        bench.feed(.inflict(.mute(.seconds(5))))
        _ = bench.ask("AT+QISEND=0,4")
        bench.type("abcd")
        bench.pass(.seconds(4))
        #expect(bench.sent[key] == Array("abcd".utf8))
        #expect(bench.ask("AT+QISEND=0,0").contains("+QISEND: 4,4,0"))
        #expect(!bench.take().contains("recv"))
        bench.pass(.seconds(2))
        #expect(bench.ask("AT+QIRD=0,100").contains("\r\nabcd\r\n"))
        bench.feed(.inflict(.mute(nil)))
        bench.feed(.ended(key))
        bench.pass(.minutes(60))
        #expect(!bench.take().contains("closed"))
    }

    @Test func aDribbleBringsAnOctetAtATime() throws {
        var (bench, key) = try connected()
        bench.feed(.inflict(.dribble(.seconds(1))))
        bench.feed(.received(key, ByteBuffer(string: "abc")))
        bench.feed(.ended(key))
        for octet in ["a", "b", "c"] {
            bench.pass(.seconds(1))
            #expect(bench.ask("AT+QIRD=0,100").contains("+QIRD: 1\r\n\(octet)\r\n"), "\(octet)")
        }
        bench.pass(.seconds(1))
        #expect(bench.ask("AT+QISTATE=1,0").contains(",4,"))
    }

    @Test func whatConcernsACommandIsBorneByTheOneAtWorkOrTheNext() throws {
        var bench = try connected().0
        bench.feed(.inflict(.error(cme: nil)))
        #expect(bench.ask("AT+CSQ") == "\r\nERROR\r\n")
        bench.feed(.inflict(.noPrompt))
        #expect(bench.ask("AT+CSQ").contains("OK"))
        #expect(bench.ask("AT+QISEND=0,4") == "")
        bench.type("abcd")
        bench.pass(.milliseconds(50))
        #expect(bench.take() == "\r\nSEND OK\r\n")
        bench.type("AT+CSQ\r")
        bench.feed(.inflict(.late(.seconds(3))))
        bench.pass(.milliseconds(2_900))
        #expect(bench.take() == "")
        bench.pass(.milliseconds(200))
        #expect(bench.take().hasSuffix("OK\r\n"))
    }

    @Test(arguments: [
        "corrupt", "corrupt sideways", "corrupt up x", "corrupt up 0", "noise", "noise down -1", "urcs x", "mute soon",
        "dribble 3", "half-close 3",
    ])
    func whatIsNoEffectIsAnError(_ effect: String) {
        #expect(throws: FakeModemError.self) { try FaultScript(parsing: "at time 1s: \(effect)") }
    }
}
