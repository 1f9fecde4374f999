import NIOCore
import Scopes
import Testing

@testable import Sockets

@Suite(.timeLimit(.minutes(5)))
struct ConnectAttemptTests {
    @Test func theSourceAddressIsTheOneAskedFor() async throws {
        let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        try await withThrowingTaskGroup { group in
            group.addTask { await listener.serve { _ in } }
            let source = try SocketAddress(ipAddress: "127.7.7.10", port: 0)
            let attempt = ConnectAttempt(interface: nil, source: source)
            let stream = try await attempt.connect(to: listener.address, on: loop, linger: .seconds(1))
            #expect(stream.localAddress?.ipAddress == "127.7.7.10")
            _ = await stream.close()
            _ = await listener.close()
            try await group.waitForAll()
        }
    }

    @Test func anInterfaceThatIsNotThereIsABindingRefused() async throws {
        let attempt = ConnectAttempt(interface: "nosuch0", source: nil)
        await #expect(throws: ConnectAttempt.BindingRefused.self) {
            _ = try await attempt.connect(
                to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), on: loop, linger: .seconds(1))
        }
    }

    @Test func theWordsSayHowFarTheBindingGoes() {
        var target = SocketTarget(host: "mail.example.com", address: "192.0.2.1", port: 465, interface: "wwan0")
        #expect(target.description == "mail.example.com:465 [192.0.2.1] through wwan0")
        target.isBoundByAddressOnly = true
        #expect(target.description.hasSuffix("through wwan0 (by its address only: the kernel did not allow more)"))
        #expect(SocketTarget(host: "2001:db8::1", address: "2001:db8::1", port: 25).description == "[2001:db8::1]:25")
        #expect(SocketTarget(host: "a\r\nb", port: 25).description == "a\\xd\\xab:25")
    }

    @Test func ipOctetsFollowFromSegmentsAndHeaders() {
        var info = TCPInfo(
            acknowledgedOctets: 0, receivedOctets: 300, sentOctets: 1_000, retransmittedOctets: 0, segmentsOut: 4,
            segmentsIn: 3, unacknowledgedSegments: 0, unsentOctets: 0, roundTripTime: .milliseconds(1),
            hasTimestamps: true, isIPv6: false)
        #expect(info.ipOctetsUp == 1_000 + 4 * 52 + 8)
        #expect(info.ipOctetsDown == 300 + 3 * 52 + 8)
        info.hasTimestamps = false
        info.isIPv6 = true
        #expect(info.ipOctetsUp == 1_000 + 4 * 60 + 12)
        info.sentOctets = .max
        #expect(info.ipOctetsUp == .max)
        info.segmentsIn = 0
        #expect(info.ipOctetsDown == 0)
    }
}
