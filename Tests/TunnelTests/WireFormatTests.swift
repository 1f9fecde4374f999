import NIOCore
import Support
import Testing

@testable import Tunnel

/// The messages between the two processes.
@Suite struct WireFormatTests {
    private static let endpoint = Endpoint(IPAddress("2001:db8::1")!, 465)

    static let requests: [HelperRequest] = [
        .configure(Joined.near), .configure(Joined.far), .configure(TunnelAddresses()),
        .connect(endpoint, limit: .seconds(30)), .listen(endpoint), .bindUDP(Endpoint(IPAddress("192.0.2.1")!, 0)),
        .resolve(LookupQuestion(name: "mail.example.com", families: [.v6], limit: .seconds(20))), .addresses, .counters,
        .cancel,
    ]

    static let replies: [HelperReply] = [
        .ready(version: 1, unsettled: ["ipv4/tcp_x"]), .done, .descriptor, .failed(HelperFault(.connect, 111)),
        .addresses([IPAddress("192.0.2.1")!, IPAddress("2001:db8::1")!]),
        .resolved(LookupAnswer(addresses: [IPAddress("192.0.2.1")!], roundTrips: 2)),
        .notResolved(LookupFailure(.refused, code: 5, roundTrips: 4)),
        .counters(DeviceCounters([1, 2, 3, 4, 5, UInt64.max])!),
    ]

    @Test(arguments: requests.indices) func aRequestComesBack(index: Int) throws {
        var buffer = ByteBuffer()
        Self.requests[index].encode(into: &buffer)
        let whole = Array(buffer.readableBytesView)
        #expect(HelperRequest(decoding: &buffer) == Self.requests[index])
        for count in 0..<whole.count {
            var cut = ByteBuffer(bytes: whole.prefix(count))
            #expect(HelperRequest(decoding: &cut) == nil)
        }
        var longer = ByteBuffer(bytes: whole + [0])
        #expect(HelperRequest(decoding: &longer) == nil)
    }

    @Test(arguments: replies.indices) func aReplyComesBack(index: Int) throws {
        var buffer = ByteBuffer()
        Self.replies[index].encode(into: &buffer)
        let whole = Array(buffer.readableBytesView)
        #expect(HelperReply(decoding: &buffer) == Self.replies[index])
        for count in 0..<whole.count {
            var cut = ByteBuffer(bytes: whole.prefix(count))
            #expect(HelperReply(decoding: &cut) == nil)
        }
        var longer = ByteBuffer(bytes: whole + [0])
        #expect(HelperReply(decoding: &longer) == nil)
    }

    @Test func framesAreTheSameForAnySplit() throws {
        var stream = ByteBuffer()
        for (number, request) in Self.requests.enumerated() {
            HelperFrame.write(UInt32(number), into: &stream) { request.encode(into: &$0) }
        }
        let octets = Array(stream.readableBytesView)
        for size in [1, 2, 3, 7, octets.count] {
            var input = ByteBuffer()
            var found: [HelperRequest] = []
            for start in stride(from: 0, to: octets.count, by: size) {
                input.writeBytes(octets[start..<min(start + size, octets.count)])
                while let frame = try HelperFrame.read(from: &input) {
                    #expect(frame.number == UInt32(found.count))
                    var message = frame.message
                    found.append(try #require(HelperRequest(decoding: &message)))
                }
            }
            #expect(found == Self.requests)
        }
    }

    @Test(arguments: [[0, 0], [0, 4], [0x08, 0x01], [0xFF, 0xFF]] as [[UInt8]])
    func aLengthThatCannotBeIsAnError(length: [UInt8]) {
        var buffer = ByteBuffer(bytes: length)
        #expect(throws: HelperFrame.Malformed.self) { try HelperFrame.read(from: &buffer) }
    }

    @Test(arguments: 0..<50) func changedMessagesNeverBreakTheReader(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<200 {
            let count = Int.random(in: 0...80, using: &generator)
            var octets = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if !octets.isEmpty { octets[0] = .random(in: 0...9, using: &generator) }
            var request = ByteBuffer(bytes: octets)
            _ = HelperRequest(decoding: &request)
            var reply = ByteBuffer(bytes: octets)
            _ = HelperReply(decoding: &reply)
        }
    }
}
