import Credentials
import NIOCore
import Testing

@testable import FakeModem

@Suite struct CardAndNetworkTests {
    private func bench(_ change: (inout FakeModemOptions) -> Void) -> Bench {
        var bench = Bench(change)
        _ = bench.ask("ATE0+CMEE=1")
        return bench
    }

    @Test func aWrongPINCostsATryAndTheRightOneRestoresThem() {
        var bench = bench { $0.sim = .locked(pin: Secret("1234")) }
        #expect(bench.ask("AT+CPIN?") == "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QPINC=\"SC\"") == "\r\n+QPINC: \"SC\",3,10\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CIMI") == "\r\n+CME ERROR: 11\r\n")
        #expect(bench.ask("AT+CPIN=\"9999\"") == "\r\n+CME ERROR: 16\r\n")
        #expect(bench.ask("AT+QPINC?") == "\r\n+QPINC: \"SC\",2,10\r\n+QPINC: \"P2\",3,10\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CPINR=\"SIM PIN\"") == "\r\n+CPINR: SIM PIN,2,3\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CSIM=10,\"0020000100\"") == "\r\n+CSIM: 4,\"63C2\"\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CPIN=\"1234\"", for: .milliseconds(10)) == "\r\nOK\r\n")
        bench.pass(.milliseconds(100))
        #expect(bench.take() == "\r\n+CPIN: READY\r\n")
        #expect(bench.ask("AT+CIMI") == "\r\n+CME ERROR: 14\r\n")  // its files are not readable yet
        bench.pass(.seconds(1))
        #expect(bench.ask("AT+CIMI") == "\r\n001010123456789\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QPINC=\"SC\"") == "\r\n+QPINC: \"SC\",3,10\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 0,1\r\n\r\nOK\r\n")
    }

    @Test func threeWrongPINsBlockTheCardUntilThePUK() {
        var bench = bench { $0.sim = .locked(pin: Secret("1234")) }
        for _ in 0..<3 { #expect(bench.ask("AT+CPIN=\"0000\"") == "\r\n+CME ERROR: 16\r\n") }
        #expect(bench.ask("AT+CPIN?") == "\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CPIN=\"1234\"") == "\r\n+CME ERROR: 12\r\n")
        #expect(bench.ask("AT+CIMI") == "\r\n+CME ERROR: 12\r\n")
        #expect(bench.ask("AT+CPIN=\"11111111\",\"4321\"") == "\r\n+CME ERROR: 16\r\n")
        #expect(bench.ask("AT+QPINC=\"SC\"") == "\r\n+QPINC: \"SC\",0,9\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CPIN=\"12345678\",\"4321\"", for: .milliseconds(10)) == "\r\nOK\r\n")
        bench.pass(.seconds(1))
        #expect(bench.ask("AT+CPIN?") == "\r\n+CPIN: READY\r\n\r\nOK\r\n")
    }

    @Test func aResetAsksForThePINAgain() {
        var bench = bench { $0.sim = .locked(pin: Secret("1234")) }
        _ = bench.ask("AT+CPIN=1234", for: .seconds(1))
        _ = bench.ask("AT+CFUN=1,1", for: .seconds(2))
        #expect(bench.ask("ATE0;+CPIN?").hasSuffix("\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"))
    }

    @Test func aBusyCardIsReadyAfterItsTimeAndTellsIt() {
        var bench = bench { $0.sim = .busy(.seconds(3), then: .ready) }
        #expect(bench.ask("AT+CPIN?") == "\r\n+CME ERROR: 14\r\n")
        #expect(bench.ask("AT+QCCID") == "\r\n+CME ERROR: 14\r\n")
        bench.pass(.seconds(3))
        #expect(bench.take() == "\r\n+CPIN: READY\r\n")
        #expect(bench.ask("AT+CPIN?") == "\r\n+CPIN: READY\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QCCID") == "\r\n+QCCID: 8988211000000123459\r\n\r\nOK\r\n")
    }

    @Test func withoutACardThereIsNoNetwork() {
        var bench = bench { $0.sim = .absent }
        #expect(bench.ask("AT+CPIN?") == "\r\n+CME ERROR: 10\r\n")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 0,0\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CSQ") == "\r\n+CSQ: 99,99\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QIACT=1") == "\r\n+CME ERROR: 10\r\n")
    }

    @Test func aCardNumberCanBeReadWhileThePINIsAskedFor() {
        var bench = bench { $0.sim = .locked(pin: Secret("1234")) }
        #expect(bench.ask("AT+CCID") == "\r\n+CCID: 8988211000000123459\r\n\r\nOK\r\n")
    }

    @Test func aSearchOfThirtySecondsEndsInARegistrationThatIsTold() {
        var bench = bench { $0.registration = .searching(.seconds(30), then: .home) }
        _ = bench.ask("AT+CREG=1;+CGREG=0;+CEREG=2")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 2,2\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+COPS?") == "\r\n+COPS: 0\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CGATT?") == "\r\n+CGATT: 0\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QIACT=1") == "\r\n+CME ERROR: 30\r\n")
        bench.pass(.seconds(29))
        #expect(bench.take() == "")
        bench.pass(.seconds(1))
        #expect(bench.take() == "\r\n+CREG: 1\r\n\r\n+CEREG: 1,\"1A2B\",\"01C3D4E5\",7\r\n")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 2,1,\"1A2B\",\"01C3D4E5\",7\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+COPS?") == "\r\n+COPS: 0,0,\"Modemail Test\",7\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+COPS=3,2;+COPS?") == "\r\n+COPS: 0,2,\"00101\",7\r\n\r\nOK\r\n")
    }

    @Test func aDenialNamesItsCause() {
        var bench = bench { $0.registration = .denied(cause: 15) }
        _ = bench.ask("AT+CEREG=3")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 3,3,,,,0,15\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CREG?") == "\r\n+CREG: 0,3\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CEER") == "\r\n+CEER: No suitable cells in tracking area\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QIACT=1") == "\r\n+CME ERROR: 30\r\n")
    }

    @Test(arguments: [(Registration.roaming, "5", "5"), (.lteOnly, "0", "1"), (.home, "1", "1"), (.none, "2", "2")])
    func eachRegistrationShowsInItsDomains(_ registration: Registration, _ circuit: String, _ eps: String) {
        var bench = bench { $0.registration = registration }
        #expect(bench.ask("AT+CREG?") == "\r\n+CREG: 0,\(circuit)\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CGREG?") == "\r\n+CGREG: 0,\(circuit)\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 0,\(eps)\r\n\r\nOK\r\n")
    }

    @Test func theRadioCanBeTurnedOffAndOn() {
        var bench = bench { _ in }
        bench.connect()
        _ = bench.ask("AT+CREG=1")
        #expect(bench.ask("AT+CFUN=4") == "\r\n+CREG: 0\r\n\r\n+QIURC: \"pdpdeact\",1\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 0,0\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CFUN=1", for: .milliseconds(20)).hasSuffix("\r\nOK\r\n"))
        bench.pass(.seconds(1))
        #expect(bench.take() == "\r\n+CREG: 1\r\n")
        #expect(bench.ask("AT+CFUN=0") == "\r\n+CREG: 0\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CPIN?") == "\r\n+CME ERROR: 13\r\n")
    }

    @Test func anotherAPNIsRefusedWithTheNetworksWords() {
        var bench = bench { _ in }
        _ = bench.ask("AT+QICSGP=1,1,\"wrong\",\"\",\"\",0")
        #expect(bench.ask("AT+QIACT=1") == "\r\n+CME ERROR: 127\r\n")
        #expect(bench.ask("AT+QIGETERROR") == "\r\n+QIGETERROR: 561,Open PDP context failed\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CEER") == "\r\n+CEER: Missing or unknown APN\r\n\r\nOK\r\n")
        _ = bench.ask("AT+CGDCONT=2,\"IP\",\"wrong\"")
        #expect(bench.ask("AT+CGACT=1,2") == "\r\n+CME ERROR: 127\r\n")
        #expect(bench.isBalanced == false)  // the port alone
        #expect(bench.machine.ledger.balance.opened["bearer"] == 0)
        _ = bench.ask("AT+QICSGP=1,1,\"INTERNET\"")
        #expect(bench.ask("AT+QIACT=1") == "\r\nOK\r\n")
        #expect(bench.ask("AT+QIACT?") == "\r\n+QIACT: 1,1,1,\"10.64.1.2\"\r\n\r\nOK\r\n")
    }

    @Test func anAccountIsCheckedByNamePasswordAndMethod() {
        var bench = bench { $0.account = Account(user: "u", password: Secret("p")) }
        for wrong in ["\"u\",\"p\",0", "\"u\",\"q\",2", "\"v\",\"p\",1"] {
            _ = bench.ask("AT+QICSGP=1,1,\"internet\",\(wrong)")
            #expect(bench.ask("AT+QIACT=1") == "\r\n+CME ERROR: 129\r\n", "\(wrong)")
        }
        _ = bench.ask("AT+QICSGP=1,1,\"internet\",\"u\",\"p\",2")
        #expect(bench.ask("AT+QICSGP=1") == "\r\n+QICSGP: 1,\"internet\",\"u\",\"*\",2\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QIACT=1") == "\r\nOK\r\n")
    }

    @Test func aNetworkWithIPv4AloneRefusesDualStack() {
        var bench = bench { $0.isIPv4Only = true }
        _ = bench.ask("AT+QICSGP=1,3,\"internet\"")
        #expect(bench.ask("AT+QIACT=1") == "\r\n+CME ERROR: 192\r\n")
        #expect(bench.ask("AT+CEER") == "\r\n+CEER: PDP type IPv4 only allowed\r\n\r\nOK\r\n")
        _ = bench.ask("AT+QICSGP=1,1,\"internet\"")
        #expect(bench.ask("AT+QIACT=1") == "\r\nOK\r\n")
    }

    @Test func anActiveContextCannotBeActivatedOrChanged() {
        var bench = bench { _ in }
        bench.bringUp()
        #expect(bench.ask("AT+QIACT=1") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QICSGP=1,1,\"other\"") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QIDEACT=1") == "\r\nOK\r\n")
        #expect(bench.ask("AT+QIACT=1") == "\r\nOK\r\n")
    }

    @Test func theDefaultBearerIsTheNetworks() {
        var bench = bench { _ in }
        #expect(bench.ask("AT+CGACT?") == "\r\n+CGACT: 1,1\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CGACT=1,1") == "\r\nOK\r\n")
        #expect(bench.ask("AT+CGACT=0,1") == "\r\n+CME ERROR: 151\r\n")
        #expect(bench.ask("AT+CGPADDR=1") == "\r\n+CGPADDR: 1,\"10.64.1.2\"\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CGCONTRDP=1").contains("+CGCONTRDP: 1,5,\"internet\",\"10.64.1.2.255.255.255.0\","))
        #expect(bench.machine.ledger.balance.opened["bearer"] == 0)
        _ = bench.ask("AT+CGDCONT=2,\"IPV4V6\",\"internet\"")
        #expect(bench.ask("AT+CGACT=1,2") == "\r\nOK\r\n")
        #expect(bench.machine.ledger.balance.opened["bearer"] == 1)
        #expect(bench.ask("AT+CGACT=0,2") == "\r\nOK\r\n")
        #expect(bench.machine.ledger.balance.open[.bearer(2)] == nil)
    }

    @Test func definitionsAreReadBackAsWritten() {
        var bench = bench { _ in }
        _ = bench.ask("AT+CGDCONT=1,\"IP\",\"internet\"")
        _ = bench.ask("AT+CGAUTH=1,1,\"u\",\"p\"")
        #expect(bench.ask("AT+CGDCONT?") == "\r\n+CGDCONT: 1,\"IP\",\"internet\",\"0.0.0.0\",0,0\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CGAUTH?") == "\r\n+CGAUTH: 1,1,\"u\"\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CGDCONT=1") == "\r\nOK\r\n")
        #expect(bench.ask("AT+CGDCONT?").contains("+CGDCONT: 1,\"IPV4V6\",\"\""))
        #expect(bench.ask("AT+CGDCONT=17,\"IP\",\"x\"") == "\r\n+CME ERROR: 50\r\n")
        #expect(bench.ask("AT+IFC=2,2;+IFC?") == "\r\n+IFC: 2,2\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CCLK?").hasPrefix("\r\n+CCLK: \"26/"))
    }
}
