import AT
import Testing

@Suite struct CommandsErrorTableTests {
    @Test(arguments: [
        ("SIM not inserted", 10), ("sim NOT-inserted", 10), ("SIM busy", 14), ("incorrect password", 16),
        ("Missing or unknown APN", 127), ("PDP type IPv4 only allowed", 192), ("SIM PIN required", 11),
        ("Last PDN disconnection not allowed", 151), ("phone failure", 0),
    ])
    func wordsOfAnEquipmentErrorGiveItsNumber(text: String, number: Int) {
        #expect(ErrorTable.cme.number(of: text) == number)
        #expect(FinalResultCode.cme(number: nil, text: text).equipmentError == number)
    }

    @Test func everyNumberHasWordsThatLeadBackToIt() {
        for table in ErrorTable.allCases {
            for number in 0...999 {
                guard let words = table.words(of: number) else { continue }
                let twin = table.number(of: words)
                // 151 and 171 of the standard have the same words.
                #expect(twin == number || (number == 171 && twin == 151), "\(words)")
            }
        }
    }

    @Test(arguments: ["", "---", "no such words", String(repeating: "SIM busy", count: 100)])
    func wordsThatAreUnknownHaveNoNumber(text: String) {
        #expect(ErrorTable.cme.number(of: text) == nil)
    }

    @Test func stateOfTheSIMInAMessageErrorIsTheSame() {
        #expect(FinalResultCode.cms(number: 310, text: "").equipmentError == 10)
        #expect(FinalResultCode.cms(number: nil, text: "SIM busy").equipmentError == 14)
        #expect(FinalResultCode.cms(number: 500, text: "").equipmentError == nil)
        #expect(FinalResultCode.error.equipmentError == nil)
    }

    @Test func numberAloneIsExplained() {
        #expect(FinalResultCode.cme(number: 14, text: "").words == "SIM busy (+CME ERROR 14)")
        #expect(FinalResultCode.cme(number: 565, text: "").words == "+CME ERROR: 565")
        #expect(FinalResultCode.cms(number: 331, text: "").words == "no network service (+CMS ERROR 331)")
        #expect(FinalResultCode.error.words == "ERROR")
    }
}
