import AT
import Credentials
import Testing

@Suite struct CommandsSIMTests {
    @Test(arguments: [
        ("+CPIN: READY", PINState.ready), ("+CPIN:READY", .ready), ("+CPIN: \"READY\"", .ready),
        ("+cpin: ready", .ready),
        ("+CPIN: SIM PIN", .pin), ("+CPIN: \"SIM PIN\"", .pin), ("+CPIN:  SIM PIN ", .pin), ("+CPIN: SIM PUK", .puk),
        ("+CPIN: SIM PIN2", .ready), ("+CPIN: SIM PUK2", .ready), ("+CPIN: PH-NET PIN", .other("PH-NET PIN")),
        ("+CPIN: NOT INSERTED", .absent), ("+CPIN: NOT READY", .notReady),
    ])
    func codeThatIsAskedForIsReadInEveryForm(line: String, state: PINState) throws {
        #expect(try PINStateQuery().response(from: [line]) == state)
    }

    @Test(arguments: ["+CPIN:", "+CPIN: \"\"", "READY", "+CPINR: SIM PIN,3,3"])
    func codeOfAnotherFormIsMalformed(line: String) {
        #expect(throws: ATError.malformed(command: "AT+CPIN?", line: line)) {
            try PINStateQuery().response(from: [line])
        }
    }

    @Test func pinIsNeverShown() throws {
        let entry = try PINEntry(Secret("4711"))
        #expect(entry.text.wire == "AT+CPIN=\"4711\"")
        #expect(entry.text.description == "AT+CPIN=\"<redacted>\"")
        #expect("\(entry.text)".contains("4711") == false)
    }

    @Test(arguments: ["12\"4", "12\r4", "12\u{1A}4"])
    func pinThatWouldBreakTheLineIsRefused(pin: String) {
        #expect(throws: ATError.self) { try PINEntry(Secret(pin)) }
        #expect(throws: ATError.self) { try PINEntry(Secret([0xFF, 0xFE])) }
    }

    @Test(arguments: [
        (PINTriesQuery.Form.standard, ["+CPINR: SIM PIN,3,3", "+CPINR: SIM PUK,10,10"], 3),
        (.standard, ["+CPINR: \"SIM PUK\",10,10", "+CPINR:\"SIM PIN\",1,3"], 1),
        (.quectel, ["+QPINC: \"SC\",2,10", "+QPINC: \"P2\",3,10"], 2), (.quectel, ["+QPINC:SC,0,10"], 0),
        (.simcom, ["+SPIC: 3,10,0,10"], 3),
    ])
    func triesLeftAreThoseOfTheFirstPIN(form: PINTriesQuery.Form, lines: [String], tries: Int) throws {
        #expect(try PINTriesQuery(form).response(from: lines) == tries)
    }

    @Test(arguments: [
        (PINTriesQuery.Form.standard, "+CPINR: SIM PUK,10,10"), (.standard, "+CPINR: SIM PIN,x"),
        (.quectel, "+QPINC: \"P2\",3,10"), (.quectel, "+QPINC: \"SC\",-1,10"), (.simcom, "+SPIC: 3"),
        (.simcom, "+SPIC: 999999999999,1,1,1"), (.quectel, "+QPINC: \"SC\""),
    ])
    func triesThatAreNotToldAreNeverGuessed(form: PINTriesQuery.Form, line: String) {
        #expect(throws: ATError.self) { try PINTriesQuery(form).response(from: [line]) }
    }

    @Test(arguments: [
        ("+QCCID: 89490200001234567890", "89490200001234567890"), ("89490200001234567890", "89490200001234567890"),
        ("+CCID: \"8949020000123456789F\"", "8949020000123456789"),
        ("+ICCID: 894902000012345678", "894902000012345678"),
    ])
    func serialNumberOfTheSIMIsItsDigits(line: String, iccid: String) throws {
        for form in ICCIDQuery.Form.allCases {
            #expect(try ICCIDQuery(form).response(from: ["", line]) == iccid)
        }
    }

    @Test func serialNumberOfAnotherLengthIsMalformed() {
        #expect(throws: ATError.self) { try ICCIDQuery(.ccid).response(from: ["89490200001234567"]) }
        #expect(throws: ATError.self) { try ICCIDQuery(.ccid).response(from: ["89490200001234567890123"]) }
    }

    @Test func subscriberIsItsDigits() throws {
        #expect(try IMSIQuery().response(from: ["+CIMI: 262011234567890"]) == "262011234567890")
        #expect(try IMSIQuery().response(from: ["262011234567890"]) == "262011234567890")
        #expect(throws: ATError.self) { try IMSIQuery().response(from: ["2620112345678901"]) }
    }
}
