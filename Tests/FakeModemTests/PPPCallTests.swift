import Credentials
import NIOCore
import PPP
import Support
import TLS
import Testing
import Tunnel

@testable import FakeModem

/// An IPv4 datagram, from RFC 791 and RFC 768; without a UDP checksum, which is allowed.
private func query(_ name: String, type: UInt16, to server: [UInt8] = [10, 64, 0, 53]) -> ByteBuffer {
    let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    let question: [UInt8] =
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + labels + [0, UInt8(type >> 8), UInt8(type & 0xFF), 0, 1]
    let udp: [UInt8] = [0x80, 0x01, 0, 53, 0, UInt8(question.count + 8), 0, 0] + question
    let header: [UInt8] =
        [0x45, 0, 0, UInt8(udp.count + 20), 0, 0, 0, 0, 64, 17, 0, 0, 10, 64, 1, 2] + server
    return ByteBuffer(bytes: header + udp)
}

@Suite struct PPPCallTests {
    @Test func aDialConnectsAndGivesAddressAndNameServers() {
        var caller = Caller()
        #expect(caller.dial() == "ATD*99***1#\r\r\nCONNECT 150000000\r\n")
        caller.pass(.seconds(2)) { $0.isUp }
        #expect(caller.network?.ipv4?.address == IPv4Address(10, 64, 1, 2))
        #expect(caller.network?.ipv4?.nameServers == [IPv4Address(10, 64, 0, 53), IPv4Address(10, 64, 0, 54)])
        #expect(caller.network?.ipv6?.peerInterfaceIdentifier == 1)
        #expect(caller.bench.plans.first?.addresses.ipv4?.peer == IPAddress("10.64.1.2"))
        #expect(caller.bench.plans.first?.listeners.map(\.port) == [465, 465])
    }

    @Test(arguments: ["ATD*99#", "ATDT*99***1#", "AT+CGDATA=\"PPP\",1"])
    func everyFormOfTheDialIsTaken(_ dial: String) {
        var caller = Caller()
        #expect(caller.dial(dial).hasSuffix("\r\nCONNECT 150000000\r\n"))
    }

    @Test func theEndOfTheHostsLinkIsTheEndOfTheCall() {
        var caller = Caller()
        _ = caller.dial()
        caller.pass(.seconds(2)) { $0.isUp }
        caller.feed(.close)
        caller.pass(.seconds(1)) { $0.end != nil }
        #expect(caller.end == .closedHere)
        caller.bench.pass(.milliseconds(50))
        #expect(caller.bench.ask("AT").contains("OK"))
        caller.bench.feed(.hostClosed)
        #expect(caller.bench.machine.ledger.balance.isBalanced)
    }

    @Test func anotherContextIsActivatedByTheDialAndDeactivatedByItsEnd() {
        var caller = Caller()
        _ = caller.bench.ask("AT+CGDCONT=2,\"IP\",\"internet\"")
        #expect(caller.dial("ATD*99***2#").contains("CONNECT"))
        #expect(caller.bench.machine.ledger.balance.open[.bearer(2)] == 1)
        caller.pass(.seconds(2)) { $0.isUp }
        caller.feed(.close)
        caller.pass(.seconds(1)) { $0.end != nil }
        #expect(caller.bench.machine.ledger.balance.open[.bearer(2)] == nil)
    }

    @Test func aWrongAccessPointIsNoCarrierAndTellsWhy() {
        var bench = Bench()
        _ = bench.ask("AT+CGDCONT=2,\"IP\",\"wrong\"")
        #expect(bench.ask("ATD*99***2#").hasSuffix("\r\nNO CARRIER\r\n"))
        #expect(bench.ask("AT+CEER").contains("unknown APN"))
        #expect(bench.ask("ATD12345").hasSuffix("\r\nNO CARRIER\r\n"))
    }

    @Test func aNetworkThatCannotBeMadeIsNoCarrier() {
        var bench = Bench()
        bench.networkFault = "no namespaces here"
        #expect(bench.ask("ATD*99#").hasSuffix("\r\nNO CARRIER\r\n"))
        #expect(bench.entries.contains { $0.detail.contains("no namespaces here") })
    }

    @Test func theEscapeSequenceLeavesTheCallAndOComesBackToIt() {
        var caller = Caller()
        _ = caller.dial()
        caller.pass(.seconds(2)) { $0.isUp }
        caller.bench.pass(.seconds(2))
        caller.bench.type("+++")
        caller.bench.pass(.milliseconds(1_100))
        #expect(caller.bench.take().hasSuffix("\r\nOK\r\n"))
        #expect(caller.bench.ask("AT").contains("OK"))
        #expect(caller.bench.ask("ATO").contains("CONNECT"))
        caller.feed(.packet(query("mail.example.com", type: 1)))
        caller.pass(.seconds(1)) { !$0.delivered.isEmpty }
        #expect(caller.delivered.count == 1)
    }

    @Test func hangingUpEndsTheCall() {
        var caller = Caller()
        _ = caller.dial()
        caller.pass(.seconds(2)) { $0.isUp }
        caller.bench.pass(.seconds(2))
        caller.bench.type("+++")
        caller.bench.pass(.milliseconds(1_100))
        #expect(caller.bench.ask("ATH").contains("OK"))
        #expect(caller.bench.ask("ATO").contains("NO CARRIER"))
    }

    @Test func theNameServerAnswersByTheRoutes() {
        var caller = Caller()
        _ = caller.dial()
        caller.pass(.seconds(2)) { $0.isUp }
        for (name, type) in [
            ("mail.example.com", 1), ("MAIL.example.com", 28), ("mail.example.com", 15), ("no.example", 1),
        ] {
            caller.feed(.packet(query(name, type: UInt16(type))))
        }
        caller.pass(.seconds(1)) { $0.delivered.count == 4 }
        let answers = caller.delivered.map { Array($0.readableBytesView.dropFirst(28)) }
        guard answers.count == 4 else { return #expect(answers.count == 4) }
        #expect(answers.map { $0[0..<2] } == Array(repeating: [0x12, 0x34], count: 4))
        #expect(answers.map { $0[3] & 0x0F } == [0, 0, 0, 3])
        #expect(answers.map { $0[7] } == [1, 1, 0, 0])
        #expect(answers[0].suffix(4) == [198, 18, 0, 1])
        #expect(answers[1].suffix(16).starts(with: [0xFD, 0x64]))
        // Of the whole packet, since the checksum is part of it (RFC 1071).
        for packet in caller.delivered { #expect(InternetChecksum.of(packet.readableBytesView.prefix(20)) == 0) }
        #expect(caller.bench.packets.isEmpty)
    }

    @Test func aRouterAdvertisementAnswersItsSolicitation() {
        var caller = Caller()
        _ = caller.dial()
        caller.pass(.seconds(2)) { $0.isUp }
        let source: [UInt8] = [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [9]
        let routers: [UInt8] = [0xFF, 0x02] + [UInt8](repeating: 0, count: 13) + [2]
        caller.feed(
            .packet(
                ByteBuffer(
                    bytes: [0x60, 0, 0, 0, 0, 8, 58, 255] + source + routers + [133, 0, 0, 0, 0, 0, 0, 0])))
        caller.pass(.seconds(1)) { !$0.delivered.isEmpty }
        guard let packet = caller.delivered.first.map({ Array($0.readableBytesView) }) else {
            return #expect(!caller.delivered.isEmpty)
        }
        #expect(packet[40] == 134 && packet[7] == 255 && Array(packet[24..<40]) == source)
        #expect(packet.suffix(16).starts(with: FarNet.hostPrefix))
        let pseudo = packet[8..<40] + [0, 0, 0, UInt8(packet.count - 40), 0, 0, 0, 58]
        #expect(InternetChecksum.of(pseudo + packet[40...]) == 0)
    }

    @Test func otherPacketsReachTheNetworkAndItsPacketsTheHost() {
        var caller = Caller()
        _ = caller.dial()
        caller.pass(.seconds(2)) { $0.isUp }
        let packet = ByteBuffer(bytes: [0x45, 0, 0, 24] + [UInt8](repeating: 0x7E, count: 20))
        caller.feed(.packet(packet))
        caller.pass(.seconds(1)) { !$0.bench.packets.isEmpty }
        #expect(caller.bench.packets == [packet])
        caller.bench.feed(.packet(packet))
        caller.pass(.seconds(1)) { !$0.delivered.isEmpty }
        #expect(caller.delivered == [packet])
    }

    @Test(arguments: [AuthenticationProtocol.pap, .chapMD5])
    func theAccountIsProvenByPPP(_ method: AuthenticationProtocol) {
        for (password, isGood) in [(TestSecrets.password, true), ("wrong", false)] {
            var caller = Caller(account: PPPAccount(name: "user", password: Secret(password))) {
                $0.account = Account(user: "user", password: Secret(TestSecrets.password))
                $0.ppp.authentication = [method]
            }
            _ = caller.dial()
            caller.pass(.seconds(10)) { $0.isUp || $0.end != nil }
            #expect(caller.isUp == isGood)
            if !isGood { #expect(caller.end == .authenticationRefused(method, words: "")) }
        }
    }

    @Test func theLossOfTheNetworkIsNoCarrierAmidPPP() {
        var caller = Caller()
        _ = caller.dial()
        caller.pass(.seconds(2)) { $0.isUp }
        caller.bench.feed(.inflict(.deactivate))
        caller.pass(.seconds(1)) { $0.end != nil }
        #expect(caller.end == .noCarrier)
        #expect(caller.bench.ask("AT").contains("OK"))
    }

    @Test func theCloseOfThePortHangsUpByTheDropOfDTR() {
        var caller = Caller { $0.profile = .simcomSIM800 }
        _ = caller.bench.ask("AT&D2")
        _ = caller.bench.ask("AT+CGDCONT=1,\"IP\",\"internet\"")
        #expect(caller.dial().contains("CONNECT\r\n"))
        caller.pass(.seconds(2)) { $0.isUp }
        caller.bench.feed(.hostClosed)
        #expect(caller.bench.machine.ledger.balance.isBalanced)
    }
}
