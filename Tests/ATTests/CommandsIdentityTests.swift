import AT
import Testing

@Suite struct CommandsIdentityTests {
    @Test(arguments: [
        ["Quectel"], ["", "Quectel"], ["+CGMI: Quectel"], ["+CGMI:\"Quectel\""], ["  Quectel  "],
    ])
    func manufacturerIsReadInEveryForm(lines: [String]) throws {
        #expect(try IdentityQuery(.manufacturer).response(from: lines) == "Quectel")
    }

    @Test func identityWithoutAnyLineIsMalformed() {
        #expect(throws: ATError.self) { try IdentityQuery(.model).response(from: []) }
        #expect(throws: ATError.self) { try IdentityQuery(.model).response(from: ["", " "]) }
    }

    @Test func identityIsBounded() throws {
        let long = String(repeating: "x", count: 5000)
        #expect(try IdentityQuery(.model).response(from: [long]).count == 128)
    }

    @Test(arguments: [
        ("861536030196001", "861536030196001"), ("+CGSN: \"861536030196001\"", "861536030196001"),
        ("IMEI: 86153603019600", "86153603019600"), ("8615360301960017", "8615360301960017"),
    ])
    func serialNumberIsItsDigits(line: String, imei: String) throws {
        #expect(try IdentityQuery(.serialNumber).response(from: ["junk 12", line]) == imei)
    }

    @Test(arguments: ["8615360301960", "86153603019600177", "abc", ""])
    func serialNumberOfAnotherLengthIsMalformed(line: String) {
        #expect(throws: ATError.malformed(command: "AT+CGSN", line: line)) {
            try IdentityQuery(.serialNumber).response(from: [line])
        }
    }

    @Test func questionsHaveTheTextsOfTheStandards() {
        let texts = IdentityQuery.Subject.allCases.flatMap { subject in
            [false, true].map { IdentityQuery(subject, isV250: $0).text.wire }
        }
        #expect(
            texts == ["AT+CGMI", "AT+GMI", "AT+CGMM", "AT+GMM", "AT+CGMR", "AT+GMR", "AT+CGSN", "AT+GSN"])
        #expect(ResultFormat().text.wire == "ATQ0V1E0")
        #expect(ErrorReporting().text.wire == "AT+CMEE=1")
        #expect(HardwareFlowControl().text.wire == "AT+IFC=2,2")
        #expect(FullFunctionality().text.wire == "AT+CFUN=1")
    }

    @Test func informationIsItsLinesWithoutBlankOnes() throws {
        let lines = ["Quectel", "", "EC25", "Revision: EC25EFAR06A06M4G"]
        #expect(try InformationQuery().response(from: lines) == ["Quectel", "EC25", "Revision: EC25EFAR06A06M4G"])
        #expect(try InformationQuery().response(from: Array(repeating: "x", count: 100)).count == 32)
    }

    @Test(arguments: [("+CFUN: 1", 1), ("+CFUN:4", 4), ("+CFUN: 0,0", 0)])
    func functionalityIsItsFirstNumber(line: String, level: Int) throws {
        #expect(try FunctionalityQuery().response(from: [line]) == level)
    }

    @Test func functionalityWithoutANumberIsMalformed() {
        #expect(throws: ATError.self) { try FunctionalityQuery().response(from: ["+CFUN: on"]) }
    }

    @Test func commandOfTheOwnersIsSentAsItIsAndShownWithoutItsStrings() throws {
        let text = try CommandText(configured: #"AT+CGAUTH=1,1,"user","secret""#)
        #expect(text.wire == #"AT+CGAUTH=1,1,"user","secret""#)
        #expect(text.description == #"AT+CGAUTH=1,1,"<redacted>","<redacted>""#)
    }

    @Test(arguments: ["AT+X\rAT+Y", "AT+X\n", "AT+X\u{1A}", "AT+X\0", "AT+X=\"a", "+X", "", "AT+Ü"])
    func commandOfTheOwnersThatWouldBreakTheLineIsRefused(line: String) {
        #expect(throws: ATError.self) { try CommandText(configured: line) }
    }

    @Test func commandOfTheOwnersHasAtMost400Octets() throws {
        let longest = "AT" + String(repeating: "X", count: 398)
        #expect(try CommandText(configured: longest).wire == longest)
        #expect(throws: ATError.self) { try CommandText(configured: longest + "X") }
    }
}
