import AT
import Credentials
import Testing

@Suite struct CommandsContextTests {
    @Test func definitionsAreListedAsSent() throws {
        let lines = [
            "+CGDCONT: 1,\"IPV4V6\",\"internet\",\"0.0.0.0.0.0.0.0\",0,0,0,0", "+CGDCONT: 2,\"IP\",\"\"",
            "+CGDCONT:3,IP,ims",
            "+CGDCONT: x,\"IP\",\"bad\"", "+CGACT: 1,1",
        ]
        #expect(
            try ContextDefinitionsQuery().response(from: lines) == [
                ContextDefinition(cid: 1, type: "IPV4V6", apn: "internet"), ContextDefinition(cid: 2, type: "IP"),
                ContextDefinition(cid: 3, type: "IP", apn: "ims"),
            ])
        #expect(try ContextDefinitionsQuery().response(from: []) == [])
    }

    @Test func definitionsAreAtMost32() throws {
        let lines = (1...40).map { "+CGDCONT: \($0),\"IP\",\"a\"" }
        #expect(try ContextDefinitionsQuery().response(from: lines).count == 32)
    }

    @Test func definitionIsWrittenWithOrWithoutAnAPN() throws {
        #expect(
            try ContextDefinitionCommand(cid: 1, type: "IP", apn: "internet").text.wire
                == "AT+CGDCONT=1,\"IP\",\"internet\"")
        #expect(try ContextDefinitionCommand(cid: 2, type: "IPV4V6", apn: nil).text.wire == "AT+CGDCONT=2,\"IPV4V6\"")
        #expect(ContextUndefinition(cid: 2).text.wire == "AT+CGDCONT=2")
        #expect(throws: ATError.unquotable(name: "the APN", octet: 0x22)) {
            try ContextDefinitionCommand(cid: 1, type: "IP", apn: "a\",\"b")
        }
    }

    @Test func passwordOfAnAccountIsNeverShown() throws {
        let standard = try ContextAuthentication(cid: 1, method: .chap, user: "me", password: Secret("hunter2"))
        #expect(standard.text.wire == "AT+CGAUTH=1,2,\"me\",\"hunter2\"")
        #expect(standard.text.redacted == "AT+CGAUTH=1,2,\"me\",\"<redacted>\"")
        let quectel = try QuectelContextConfiguration(
            cid: 3, protocols: .ipv4v6, apn: "internet", user: "me", password: Secret("hunter2"), method: .pap)
        #expect(quectel.text.wire == "AT+QICSGP=3,3,\"internet\",\"me\",\"hunter2\",1")
        #expect(quectel.text.redacted.contains("hunter2") == false)
        #expect(ContextAuthentication(clearing: 4).text.wire == "AT+CGAUTH=4,0")
        #expect(throws: ATError.self) {
            try ContextAuthentication(cid: 1, method: .pap, user: "me", password: Secret([0xFF]))
        }
    }

    @Test func activeContextsAreThoseOfStateOne() throws {
        let lines = ["+CGACT: 1,1", "+CGACT:2,0", "+CGACT: 3,1", "+CGACT: 4"]
        #expect(try ContextStatesQuery().response(from: lines) == [1, 3])
    }

    @Test(arguments: [
        ("+CGPADDR: 1,\"10.1.2.3\"", ["10.1.2.3"]), ("+CGPADDR: 1,10.1.2.3", ["10.1.2.3"]),
        ("+CGPADDR: 1,\"10.1.2.3\",\"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1\"", ["10.1.2.3", "2001:db8:0:0:0:0:0:1"]),
        ("+CGPADDR: 1,\"2001:DB8::1\"", ["2001:DB8::1"]), ("+CGPADDR: 1,\"0.0.0.0\"", []), ("+CGPADDR: 1", []),
        ("+CGPADDR: 2,\"10.1.2.3\"", []), ("+CGPADDR: 1,\"10.1.2.300\"", []), ("+CGPADDR: 1,\"rm -rf:\"", []),
    ])
    func addressesAreInTheirUsualForm(line: String, addresses: [String]) throws {
        #expect(try ContextAddressQuery(cid: 1).response(from: [line]) == addresses)
    }

    @Test func detailsSplitTheMaskFromTheAddress() throws {
        let lines = [
            "+CGCONTRDP: 1,5,\"internet.mnc001.mcc262.gprs\",\"10.1.2.3.255.255.255.0\",\"10.1.2.1\",\"9.9.9.9\",\"1.1.1.1\"",
            "+CGCONTRDP: 2,6,\"ims\",\"10.9.9.9\"",
        ]
        #expect(
            try ContextDetailsQuery(cid: 1).response(from: lines)
                == ContextDetails(
                    apn: "internet.mnc001.mcc262.gprs", addresses: ["10.1.2.3"], nameServers: ["9.9.9.9", "1.1.1.1"]))
        #expect(try ContextDetailsQuery(cid: 3).response(from: lines) == nil)
    }

    @Test(arguments: [("1430", 1_430), ("0", nil), ("99999999999", nil), ("", nil)] as [(String, Int?)])
    func detailsHaveTheMTUOfTheContext(field: String, mtu: Int?) throws {
        let line = "+CGCONTRDP: 1,5,\"a\",\"10.1.2.3.255.255.255.0\",,\"9.9.9.9\",,,,0,0,\(field),1"
        #expect(try ContextDetailsQuery(cid: 1).response(from: [line])?.mtu == mtu)
    }
}
