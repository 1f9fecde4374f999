import AT
import Testing

@Suite struct CommandsRegistrationTests {
    @Test(arguments: [
        ("+CREG: 0,1", Registration(domain: .circuitSwitched, status: .home)),
        ("+CREG:0,5", Registration(domain: .circuitSwitched, status: .roaming)),
        (
            "+CREG: 2,1,\"00C3\",\"0A1B2C3D\",7",
            Registration(domain: .circuitSwitched, status: .home, area: "00C3", cell: "0A1B2C3D", technology: .lte)
        ),
        (
            "+CREG: 2,1,00C3,0A1B2C3D,7",
            Registration(domain: .circuitSwitched, status: .home, area: "00C3", cell: "0A1B2C3D", technology: .lte)
        ),
        (
            "+CREG: 2, 1, \"00C3\" , \"0A1B\" ",
            Registration(domain: .circuitSwitched, status: .home, area: "00C3", cell: "0A1B")
        ),
        ("+CREG: 3,3,,,,0,11", Registration(domain: .circuitSwitched, status: .denied, rejectCause: 11)),
        ("+CREG: 3,3,,,,1,11", Registration(domain: .circuitSwitched, status: .denied)),
    ])
    func solicitedLineIsRead(line: String, expected: Registration) throws {
        #expect(try RegistrationQuery(.circuitSwitched).response(from: [line]) == expected)
    }

    @Test func areaOfRoutingBetweenAreaAndCellIsSkipped() throws {
        let answer = try RegistrationQuery(.evolvedPacketSystem)
            .response(from: ["+CEREG: 2,1,\"00C3\",\"01\",\"0A1B2C3D\",9"])
        #expect(answer.area == "00C3" && answer.cell == "0A1B2C3D" && answer.technology == .nbIoT)
    }

    @Test func areaOfRoutingBehindTheTechnologyIsNoCause() throws {
        let answer = try RegistrationQuery(.packetSwitched)
            .response(from: ["+CGREG: 3,3,\"00C3\",\"0A1B2C3D\",3,\"0B\",0,14"])
        #expect(answer.technology == .egprs && answer.rejectCause == 14)
    }

    @Test(arguments: [
        ("+CEREG: 1", RegistrationStatus.home), ("+CEREG: 2", .searching),
        ("+CEREG: 5,\"00C3\",\"0A1B2C3D\",7", .roaming), ("+CEREG: 1,00C3,0A1B2C3D,7", .home),
        ("+CEREG: 3,,,,0,15", .denied),
    ])
    func unsolicitedLineIsToldByItsForm(line: String, status: RegistrationStatus) {
        #expect(Registration(unsolicited: line)?.status == status)
        #expect(Registration(unsolicited: line)?.domain == .evolvedPacketSystem)
    }

    @Test func solicitedLineIsNoUnsolicitedOne() {
        #expect(Registration(unsolicited: "+CREG: 2,1") == nil)
        #expect(Registration(unsolicited: "+CREG: 2,1,\"00C3\",\"0A1B\",7") == nil)
        #expect(Registration(unsolicited: "+CSQ: 1") == nil)
    }

    @Test func unsolicitedLineWithinTheAnswerDoesNotReplaceIt() throws {
        let lines = ["+CREG: 2", "+CREG: 2,1,\"00C3\",\"0A1B\"", "+CREG: 5,\"00C3\",\"0A1B\""]
        #expect(try RegistrationQuery(.circuitSwitched).response(from: lines).status == .home)
    }

    @Test func answerThatLacksItsFirstNumberStillCounts() throws {
        #expect(try RegistrationQuery(.circuitSwitched).response(from: ["+CREG: 1"]).status == .home)
    }

    @Test(arguments: ["+CREG:", "+CREG: x,y", "+CREG: 0,99", "+CGREG: 0,1", ""])
    func answerOfAnotherFormIsMalformed(line: String) {
        #expect(throws: ATError.self) { try RegistrationQuery(.circuitSwitched).response(from: [line]) }
    }

    @Test func commandsHaveTheTextsOfTheStandard() {
        #expect(
            RegistrationDomain.allCases.map { RegistrationQuery($0).text.wire } == [
                "AT+CREG?", "AT+CGREG?", "AT+CEREG?",
            ])
        #expect(RegistrationReporting(.evolvedPacketSystem, includesCause: true).text.wire == "AT+CEREG=3")
        #expect(RegistrationReporting(.packetSwitched, includesCause: false).text.wire == "AT+CGREG=2")
    }
}
