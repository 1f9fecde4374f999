import AT
import Scopes
import Support
import Testing

@Suite struct TypedCommandTests {
    private static let secrets: [(line: String, shown: String)] = [
        ("AT+CPIN=\"SECRET\"", "AT+CPIN=\"<redacted>\""),
        ("at + cpin = SECRET", "AT+CPIN=<redacted>"),
        ("AT+CMEE=2;+CPIN=SECRET", "AT+CMEE=2;+CPIN=<redacted>"),
        ("ATE0+CPIN=SECRET;+CSQ", "ATE0+CPIN=<redacted>;+CSQ"),
        ("AT+CPIN SECRET", "AT+CPIN<redacted>"),
        ("AT+CLCK=\"SC\",1,\"SECRET\",7", "AT+CLCK=\"SC\",1,\"<redacted>\",7"),
        ("AT+CPWD=\"SC\",\"SECRET\",\"SECRET\"", "AT+CPWD=\"SC\",\"<redacted>\",\"<redacted>\""),
        ("AT+CGAUTH=1,1,\"user\",\"SECRET\"", "AT+CGAUTH=1,1,\"<redacted>\",\"<redacted>\""),
        (
            "AT+QICSGP=1,1,\"internet\",\"user\",\"SECRET;x\",1",
            "AT+QICSGP=1,1,\"internet\",\"<redacted>\",\"<redacted>\",1"
        ),
    ]

    @Test(arguments: secrets.indices) func aSecretIsKnownAndNotShown(_ index: Int) throws {
        let line = Self.secrets[index].line.replacing("SECRET", with: TestSecrets.pin)
        let command = try TypedCommand(line)
        #expect(command.text.wire == line)
        #expect(command.text.redacted == Self.secrets[index].shown)
        #expect(command.holdsSecret)
        #expect(TypedCommand.mayHoldSecret(line))
    }

    @Test(arguments: [
        "AT", "ATI", "AT+CSQ", "AT+CPIN?", "AT+CPWD=?", "AT+QICSGP=1", "AT+CLCK=\"SC\",2", "AT&F;+CMEE=1",
    ])
    func anOrdinaryCommandIsShownAsItWasTyped(_ line: String) throws {
        let command = try TypedCommand(line)
        #expect(command.text.redacted == line)
        #expect(!command.holdsSecret)
    }

    @Test(arguments: ["+CPIN=\"SECRET", "AT+CPIN=\"SECRET", "AT+CPIN=\u{E9}SECRET", "ATD**04*SECRET*1*1#"])
    func aLineThatIsWrongMayHoldASecretToo(_ line: String) {
        let line = line.replacing("SECRET", with: TestSecrets.pin)
        #expect(line.hasPrefix("+") || TypedCommand.mayHoldSecret(line))
        let error = #expect(throws: TypedCommandError.self) { try TypedCommand(line) }
        #expect(error?.line.contains(TestSecrets.pin) == false)
    }

    @Test(arguments: [
        "ATD*99#", "ATDT123;", "ATA", "ATO", "AT+CGDATA=\"PPP\",1", "AT+CMUX=0", "AT+CMGS=\"123\"", "AT+QISEND=0,10",
        "AT+QISEND=0", "AT+CIPSEND", "AT+CIPSEND=10", "AT+QIOPEN=1,0,\"TCP\",\"a\",7,0,2", "AT+QISWTMD=0,2", "ATQ1",
        "ATV0",
        "ATS3=10", "AT+IPR=9600", "AT+CSQ;+CMGS=\"1\"", "ate0d123", "AT+WIPDATA=1,1,1", "", "CSQ", "AT+CSQ\u{1A}",
        "AT+X=\"a", "AT" + String(repeating: "x", count: 400),
    ])
    func whatWouldTakeTheLineAwayIsNotSent(_ line: String) {
        let error = #expect(throws: TypedCommandError.self) { try TypedCommand(line, baud: 115_200) }
        #expect(error?.exitStatus == .usage)
    }

    @Test(arguments: [
        "AT+CMGS=?", "AT+QISEND=?", "AT+QISEND=0,0", "AT+CMUX?", "AT+IPR=115200", "AT+QIOPEN=1,0,\"TCP\",\"a\",7,0,1",
        "ATQ0V1",
        "ATS3?", "AT+COPS=?",
    ])
    func whatLeavesItAloneIs(_ line: String) throws {
        _ = try TypedCommand(line, baud: 115_200)
    }

    @Test func answersAreToldFromWhatComesUnasked() throws {
        #expect(try TypedCommand("AT+CSQ?").exchange.answersBareLines == false)
        #expect(try TypedCommand("AT+CSQ?").exchange.responsePrefixes == ["+CSQ:"])
        #expect(try TypedCommand("AT+CGMI").exchange.answersBareLines)
        #expect(try TypedCommand("AT+CREG?;+CSQ").exchange.responsePrefixes == ["+CREG:", "+CSQ:"])
        #expect(try TypedCommand("AT+COPS=?").exchange.isAbortable)
        #expect(try TypedCommand("AT+CSQ").exchange.isAbortable == false)
        #expect(try TypedCommand("AT+CGAUTH?").exchange.answerIsSecret)
    }

    @Test func anyLineIsSurvived() {
        var generator = SeededGenerator(seed: 12)
        let alphabet = Array("AT+CPIN=\"1,;?&D \\S0éQ")
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...30, using: &generator)
            let line = String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
            _ = try? TypedCommand("AT" + line)
            _ = TypedCommand.mayHoldSecret(line)
            _ = CommandNames.completions(of: line)
        }
    }

    @Test func namesAreCompletedWhereANameIsTyped() {
        #expect(CommandNames.completions(of: "") == ["AT"])
        #expect(CommandNames.completions(of: "AT+CSQ") == ["AT+CSQ"])
        #expect(
            CommandNames.completions(of: "at+cgdco")
                == ["at+cgdcont", "at+cgdcontrdp"].filter { $0.hasPrefix("at+cgdco") })
        #expect(CommandNames.completions(of: "AT+CMEE=2;+CES") == ["AT+CMEE=2;+CESQ"])
        #expect(CommandNames.completions(of: "AT+CMEE=").isEmpty)
        #expect(CommandNames.completions(of: "AT+X=\"a;+CES").isEmpty)
        #expect(CommandNames.completions(of: "hello").isEmpty)
        #expect(Set(CommandNames.all).count == CommandNames.all.count)
    }
}
