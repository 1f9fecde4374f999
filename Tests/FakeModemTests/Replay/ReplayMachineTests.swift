import NIOCore
import Support
import Testing

@testable import FakeModem

/// A transcript played in virtual time to a host that types.
private struct Play {
    var machine: ReplayMachine
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var output: [UInt8] = []
    var isUnplugged = false

    init(_ text: String, isPaced: Bool = true, opens: Bool = true) throws {
        machine = ReplayMachine(try Transcript(parsing: text), isPaced: isPaced, now: now)
        feed(.started)
        if opens { feed(.hostOpened) }
    }

    mutating func feed(_ event: ModemMachine.Event) {
        for action in machine.handle(event, now: now) {
            switch action {
            case .write(let octets): output += octets.readableBytesView
            case .unplug: isUnplugged = true
            case .connect, .send, .finish, .close, .abort, .openNetwork, .packet:
                Issue.record("a replay has no network")
            }
        }
    }

    mutating func pass(_ time: TimeAmount) {
        let end = now + time
        while let deadline = machine.deadline, deadline <= end {
            now = max(now, deadline)
            feed(.deadlinePassed)
        }
        now = end
    }

    mutating func type(_ text: String) { feed(.line(ByteBuffer(string: text))) }

    mutating func take() -> String {
        defer { output = [] }
        return String(decoding: output, as: UTF8.self)
    }

    mutating func ask(_ text: String) -> String {
        type(text)
        pass(.zero)
        return take()
    }
}

@Suite struct ReplayMachineTests {
    static let session = """
        +0.000 = opened
        +0.100 > AT+CPIN="<redacted>"
        +0.350 < OK
        +0.400 > AT+QISEND=0,3
        +0.410 < >
        +0.411 > (3 octets)
        +0.420 < +QIURC: "recv",0
        +0.500 < SEND OK
        +0.600 > AT+QIRD=0,1500
        +0.610 < +QIRD: 4 (4 octets)
        +0.610 < OK
        +0.700 = closed
        """

    @Test func theHostHearsTheRecordedLinesInTheirTime() throws {
        var play = try Play(Self.session)
        #expect(play.ask("AT+CPIN=\"4711\"\r") == "")
        play.pass(.milliseconds(249))
        #expect(play.take() == "")
        play.pass(.milliseconds(1))
        #expect(play.take() == "\r\nOK\r\n")
        play.type("AT+QISEND=0,3\r")
        play.pass(.milliseconds(10))
        #expect(play.take() == "\r\n> ")
        play.type("a\r\n")
        play.pass(.milliseconds(9))
        #expect(play.take() == "\r\n+QIURC: \"recv\",0\r\n")
        play.pass(.milliseconds(80))
        #expect(play.take() == "\r\nSEND OK\r\n")
        play.type("AT+QIRD=0,1500\r")
        play.pass(.milliseconds(10))
        #expect(play.take() == "\r\n+QIRD: 4\r\nUUUU\r\n\r\nOK\r\n")
        #expect(play.machine.outcome == nil)
        play.feed(.hostClosed)
        #expect(play.machine.outcome == .played(lines: 12))
        #expect(play.machine.ledger.balance.isBalanced)
    }

    @Test func itCanPlayAtOnceAndOctetByOctet() throws {
        var play = try Play(Self.session, isPaced: false)
        for octet in "AT+CPIN=\"4711\"\rAT+QISEND=0,3\rabcAT+QIRD=0,1500\r".utf8 {
            play.feed(.line(ByteBuffer(bytes: [octet])))
        }
        play.feed(.hostClosed)
        #expect(play.machine.outcome == .played(lines: 12))
        #expect(
            play.take()
                == "\r\nOK\r\n\r\n> \r\n+QIURC: \"recv\",0\r\n\r\nSEND OK\r\n\r\n+QIRD: 4\r\nUUUU\r\n\r\nOK\r\n")
    }

    @Test(arguments: [
        ("AT+CPIN?\r", 2, "\"AT+CPIN=\"<redacted>\"\"", "\"AT+CPIN?\""),
        ("AT+CPIN=4711\r", 2, "\"AT+CPIN=\"<redacted>\"\"", "\"AT+CPIN=<redacted>\""),
        ("AT+CPIN=\"1\"\rAT+QISEND=0,4\r", 4, "\"AT+QISEND=0,3\"", "\"AT+QISEND=0,4\""),
        ("AT+CPIN=\"1\"\rAT+QISEND=0,3\rabcdAT+QIRD=0,1500\r", 9, "\"AT+QIRD=0,1500\"", "\"dAT+QIRD=0,1500\""),
        (
            "AT+CPIN=\"1\"\rAT+QISEND=0,3\rabcAT+QIRD=0,1500\rAT+QICSGP=1,1,\"a\",\"b\",\"c\",1\r", 12,
            "the port closed",
            "\"AT+QICSGP=<redacted>\""
        ),
        ("\u{1}\u{2}\r", 2, "\"AT+CPIN=\"<redacted>\"\"", "2 octets"),
    ])
    func aHostThatLeavesItIsToldAtWhichLine(text: String, line: Int, expected: String, got: String) throws {
        var play = try Play(Self.session, isPaced: false)
        play.type(text)
        #expect(play.machine.outcome == .left(line: line, expected: expected, got: got))
        #expect(play.machine.lineRoom == 0)
    }

    @Test func aHostThatClosesEarlyHasLeftIt() throws {
        var play = try Play(Self.session, isPaced: false)
        play.type("AT+CPIN=\"1\"\rAT+QISEND=0,3\r")
        play.feed(.hostClosed)
        #expect(play.machine.outcome == .left(line: 6, expected: "3 octets", got: "the port closed"))
    }

    @Test func aHostThatOnlyLooksAtThePortHasNotBegun() throws {
        var play = try Play("< RDY\n> AT\n< OK\n< RING")
        play.pass(.milliseconds(1))
        #expect(play.take() == "\r\nRDY\r\n")
        play.feed(.hostClosed)
        #expect(play.machine.outcome == nil)
        play.feed(.hostOpened)
        #expect(play.ask("AT\r") == "\r\nRDY\r\n\r\nOK\r\n\r\nRING\r\n")
        play.feed(.hostClosed)
        #expect(play.machine.outcome == .played(lines: 4))
    }

    @Test func questionsForRegistersAreAnsweredWhereverTheyCome() throws {
        var play = try Play("> ATS3?S3?\n< 013\n< 013\n< OK\n> AT\n< OK\n> ATS3?S4?\n< ERROR", isPaced: false)
        #expect(play.ask("ATS4?S3?S5?\r") == "\r\n010\r\n\r\n013\r\n\r\n008\r\n\r\nOK\r\n")
        #expect(play.ask("AT\r") == "\r\nOK\r\n")
        #expect(play.ask("ATS5?S5?\r") == "\r\nERROR\r\n")
        #expect(play.ask("ATS5?S3?\r") == "\r\n008\r\n\r\n013\r\n\r\nOK\r\n")
        #expect(play.machine.outcome == nil)
        #expect(play.ask("AT\r") == "")
        #expect(play.machine.outcome == .left(line: 8, expected: "nothing more", got: "\"AT\""))
    }

    @Test func severalSessionsAndTheLossOfTheDeviceArePlayed() throws {
        var play = try Play(
            "= opened\n> AT\n< OK\n= closed\n= opened\n> AT+CSQ\n+9.000 = lost", isPaced: false, opens: false)
        play.feed(.hostOpened)
        #expect(play.ask("AT\r") == "\r\nOK\r\n")
        play.feed(.hostClosed)
        #expect(play.machine.outcome == nil)
        play.feed(.hostOpened)
        #expect(play.ask("\r\n\rAT+CSQ\r") == "")
        #expect(play.isUnplugged)
        #expect(play.machine.outcome == .played(lines: 7))
    }

    @Test func aStopSaysWhichLineWasDue() throws {
        var play = try Play(Self.session, isPaced: false)
        play.type("AT+CPIN=\"1\"\r")
        play.feed(.stopped)
        #expect(play.machine.outcome == .stopped(line: 4, expected: "\"AT+QISEND=0,3\""))
    }

    @Test func aHostThatDoesNotReadHoldsTheModemBack() throws {
        var play = try Play("> AT\n< (1048576 octets)\n< (1048576 octets)\n< OK", isPaced: false)
        play.feed(.writable(false))
        #expect(play.ask("AT\r") == "")
        play.feed(.writable(true))
        #expect(play.take().utf8.count == 2 * 1_048_576 + 6)
    }

    @Test func anyHostIsFollowedWithoutATrapOrEndlessInput() throws {
        let pieces = [
            "AT\r", "AT+CPIN=\"1\"\r", "AT+QISEND=0,3\r", "abc", "\r", "\n", "ATS3?S4?\r", "AT+QIRD=0,1500\r", "\u{1b}",
            "+++",
        ]
        for seed in UInt64(1)...200 {
            var random = SeededGenerator(seed: seed)
            var play = try Play(Self.session, isPaced: Bool.random(using: &random))
            for _ in 0..<30 {
                switch Int.random(in: 0..<8, using: &random) {
                case 0: play.feed(.hostClosed)
                case 1: play.feed(.hostOpened)
                case 2: play.pass(.milliseconds(100))
                default: play.type(pieces.randomElement(using: &random) ?? "")
                }
            }
            play.feed(.line(ByteBuffer(repeating: 0x41, count: 70_000)))
            #expect(play.machine.lineRoom == 0 || play.machine.outcome == nil, "seed \(seed)")
        }
    }
}

@Suite struct HostPatternTests {
    private func matches(_ pattern: String, _ line: String) throws -> Bool {
        guard case .command(let elements)? = try Transcript(parsing: "> \(pattern)").steps.first?.event else {
            return false
        }
        return HostPattern.matches(elements, Array(line.utf8)[...])
    }

    @Test func redactedMatchesAnySecret() throws {
        #expect(try matches("AT+CPIN=\"<redacted>\"", "AT+CPIN=\"4711\""))
        #expect(try matches("AT+CPIN=\"<redacted>\"", "AT+CPIN=\"\""))
        #expect(try !matches("AT+CPIN=\"<redacted>\"", "AT+CPIN=\"4711"))
        #expect(try matches("A=\"<redacted>\",\"<redacted>\",<2 digits>", "A=\"x,\",\"y\",17"))
        #expect(try !matches("A=\"<redacted>\",\"<redacted>\",<2 digits>", "A=\"x\",\"y\",1x"))
        #expect(try matches("A=<redacted>", "A=anything"))
        #expect(try matches("<redacted>ab<redacted>ab", "ababxab"))
        #expect(try !matches("AT", "AT+"))
    }

    @Test func manyOfThemTakeNoTime() throws {
        let pattern = String(repeating: "<redacted>a", count: 700)
        #expect(try !matches(pattern, String(repeating: "a", count: 8_000) + "b"))
    }
}
