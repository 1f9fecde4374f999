import AT
import Testing

@Suite struct FinalResultCodeTests {
    @Test(arguments: [
        ("OK", FinalResultCode.ok), ("ERROR", .error), ("NO CARRIER", .noCarrier), ("BUSY", .busy),
        ("NO DIAL TONE", .noDialtone), ("CONNECT", .connect("")), ("CONNECT 150000000", .connect("150000000")),
        ("+CME ERROR: 10", .cme(number: 10, text: "SIM not inserted")),
        ("+CME ERROR:14", .cme(number: 14, text: "SIM busy")),
        ("+CME ERROR: sim-busy", .cme(number: 14, text: "sim-busy")),
        ("+CME ERROR: 9999", .cme(number: 9_999, text: "")),
        ("+CME ERROR: strange", .cme(number: nil, text: "strange")),
        ("+CMS ERROR: 310", .cms(number: 310, text: "SIM not inserted")),
        ("COMMAND NOT SUPPORT", .vendor("COMMAND NOT SUPPORT")), ("+EXT ERROR: 3", .vendor("+EXT ERROR:3")),
    ]) func aFinalResultCodeIsAWholeLine(line: String, code: FinalResultCode) {
        #expect(FinalResultCode(line: line) == code)
    }

    @Test(arguments: [
        "OKAY", "NOT OK", "CONNECT OK", "0, CONNECT OK", "CONNECT FAIL", "RING", "0", "", "+CSQ: OK", "SEND OK",
    ])
    func anyOtherLineIsNone(line: String) {
        #expect(FinalResultCode(line: line) == nil)
    }

    @Test func digitsCountOnlyWhereTheyAreAskedFor() {
        #expect(FinalResultCode(line: "0", isNumeric: true) == .ok)
        #expect(FinalResultCode(line: "4", isNumeric: true) == .error)
        #expect(FinalResultCode(line: "2", isNumeric: true) == nil)
        #expect(FinalResultCode(line: "OK", isNumeric: true) == .ok)
    }

    @Test func patternsIgnoreBlanksBehindSeparators() {
        #expect(LinePattern.numbered(prefix: "+QIOPEN:", first: 3).matches("+QIOPEN: 3,0"))
        #expect(LinePattern.numbered(prefix: "+QIOPEN:", first: 3).matches("+QIOPEN:3"))
        #expect(!LinePattern.numbered(prefix: "+QIOPEN:", first: 3).matches("+QIOPEN: 30,0"))
        #expect(LinePattern.numbered(prefix: "+QIURC: \"recv\",", first: 1).matches("+QIURC: \"recv\",1,20"))
        #expect(LinePattern.leading(3, suffix: "CONNECT OK").matches("3,CONNECT OK"))
        #expect(LinePattern.leading(3, suffix: "SEND OK").matches(" 3, SEND OK "))
        #expect(!LinePattern.leading(3, suffix: "SEND OK").matches("SEND OK"))
        #expect(LinePattern.exactly("SEND OK").matches("SEND OK"))
        #expect(!LinePattern.exactly("SEND OK").matches("SEND OK 1"))
        #expect(LinePattern.prefix("DATA ACCEPT:").matches("DATA ACCEPT: 12"))
    }
}
