import AT
import Testing

@Suite struct CommandsNetworkTests {
    @Test(arguments: [
        ("+CSQ: 0,99", -113), ("+CSQ:18,99", -77), ("+CSQ: 31,0", -51), ("+CSQ: 100,99", -116), ("+CSQ: 191,99", -25),
    ])
    func signalIsInDecibelMilliwatts(line: String, level: Int) throws {
        #expect(try SignalQuery().response(from: [line]) == level)
    }

    @Test(arguments: ["+CSQ: 99,99", "+CSQ: 199,99", "+CSQ: 32,0", "+CSQ: -1,0"])
    func signalThatIsNotMeasuredIsUnknown(line: String) throws {
        #expect(try SignalQuery().response(from: [line]) == nil)
    }

    @Test func extendedSignalLeavesOutWhatIsNotMeasured() throws {
        let lte = try ExtendedSignalQuery().response(from: ["+CESQ: 99,99,255,255,20,47"])
        #expect(lte == ExtendedSignal(rsrqTenths: -95, rsrp: -93))
        let gsm = try ExtendedSignalQuery().response(from: ["+CESQ: 30,0,255,255,255,255"])
        #expect(gsm == ExtendedSignal(rxLevel: -80))
        #expect(throws: ATError.self) { try ExtendedSignalQuery().response(from: ["+CESQ: 1,2,3"]) }
    }

    @Test func operatorIsItsNameAndTechnology() throws {
        let named = try OperatorQuery().response(from: ["+COPS: 0,0,\"Some, Operator\",7"])
        #expect(named == NetworkOperator(isAutomatic: true, name: "Some, Operator", technology: .lte))
        #expect(try OperatorQuery().response(from: ["+COPS: 0"]) == NetworkOperator(isAutomatic: true))
        #expect(try OperatorQuery().response(from: ["+COPS:1,2,26201"]).name == "26201")
        #expect(throws: ATError.self) { try OperatorQuery().response(from: ["+COPS: "]) }
    }

    @Test func attachIsOneOrNot() throws {
        #expect(try AttachQuery().response(from: ["+CGATT: 1"]))
        #expect(try AttachQuery().response(from: ["+CGATT:0"]) == false)
        #expect(throws: ATError.self) { try AttachQuery().response(from: [""]) }
    }

    @Test(arguments: [
        ("+CEER: 2,33", "2,33", 33 as Int?), ("+CEER: \"EMM cause 15\"", "EMM cause 15", 15),
        ("SM: Missing or unknown APN", "SM: Missing or unknown APN", nil), ("+CEER: 99999", "99999", nil),
    ])
    func errorReportKeepsItsWordsAndItsLastNumber(line: String, words: String, cause: Int?) throws {
        let report = try ErrorReportQuery().response(from: [line])
        #expect(report.words == words && report.cause == cause && !report.isEmpty)
    }

    @Test(arguments: ["+CEER: No report available", "+CEER:", "+CEER: 0", "+CEER: no cause information available"])
    func errorReportThatTellsNothingIsEmpty(line: String) throws {
        #expect(try ErrorReportQuery().response(from: [line]).isEmpty)
    }

    @Test(arguments: [
        ("+CCLK: \"26/11/24,21:30:00+04\"", 1_795_552_200, 4 as Int?),
        ("+CCLK:\"24/02/29,23:59:59-20\"", 1_709_269_199, -20),
        ("+CCLK: 26/11/24,21:30:00+00", 1_795_555_800, 0), ("+CCLK: \"2026/11/24,21:30:00\"", 1_795_555_800, nil),
        ("+CCLK: \"70/01/01,00:00:10+00\"", 10, 0), ("+CCLK: \"04/01/01,00:00:00+00\"", 1_072_915_200, 0),
    ])
    func clockIsInSecondsOfUTC(line: String, seconds: Int64, zone: Int?) throws {
        #expect(try ClockQuery().response(from: [line]) == ModemClock(utcSeconds: seconds, zone: zone))
    }

    @Test func clockThatNobodySetIsKnownByItsYear() throws {
        #expect(ModemClock("80/01/06,00:12:00+00")?.isSet == false)
        #expect(ModemClock("04/01/01,00:00:00+00")?.isSet == false)
        #expect(ModemClock("26/11/24,21:30:00+04")?.isSet == true)
    }

    @Test(arguments: [
        "26/13/24,21:30:00+04", "26/11/24,24:30:00+04", "26/11/24,21:30", "26-11-24,21:30:00+04",
        "26/11/24,21:30:00+57", "26/11/24,21:30:00+", "26/11/24,21:30:00*04", "", "99999999999999999999/1/1,0:0:0",
    ])
    func clockOfAnotherFormIsMalformed(text: String) {
        #expect(ModemClock(text) == nil)
        #expect(throws: ATError.self) { try ClockQuery().response(from: ["+CCLK: \"\(text)\""]) }
    }
}
