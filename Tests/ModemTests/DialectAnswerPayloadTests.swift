import AT
import Modem
import NIOCore
import Testing

/// Reads whose counted octets only the exchange itself knows (at-dialects 3.8, 3.9), from the wire to the dialect's result.
@Suite struct DialectAnswerPayloadTests {
    private func result(_ dialect: some DialectShape, _ most: Int, _ text: String) -> (SocketResult?, [SocketEvent]) {
        let operation = SocketOperation.receive(slot: 1, atMost: most)
        guard let exchange = try? dialect.exchange(for: operation) else { return (nil, []) }
        var engine = ATEngine()
        _ = engine.handle(.submit(.init(1), exchange), now: .uptimeNanoseconds(1))
        var result: SocketResult?
        var events: [SocketEvent] = []
        for octet in text.utf8 {
            for action in engine.handle(.received(ByteBuffer(bytes: [octet])), now: .uptimeNanoseconds(2)) {
                if case .finish(_, .success(let answer)) = action {
                    result = dialect.result(of: answer, to: operation)
                } else if case .publish(let line) = action, let event = dialect.event(of: line) {
                    events.append(event)
                }
            }
        }
        return (result, events)
    }

    private func received(_ text: String) -> SocketResult { .received(ByteBuffer(string: text), left: nil) }

    @Test func cinterionsReadIsToldFromItsAnnouncement() {
        let read = "\r\n^SISR: 1,6\r\n\r\nOK\r\n\r\n\r\nOK\r\n"
        #expect(result(CinterionShape(), 1_500, read) == (received("\r\nOK\r\n"), []))
        let crossed = result(CinterionShape(), 1_500, "\r\n^SISR: 1,1\r\n" + read)
        #expect(crossed == (received("\r\nOK\r\n"), [.dataWaiting(slot: 1)]))
        #expect(result(CinterionShape(), 1_500, "\r\n^SISR: 1,0\r\n\r\nOK\r\n") == (.empty, []))
        #expect(result(CinterionShape(), 1_500, "\r\n^SISR: 1,-2\r\n\r\nOK\r\n") == (.ended, []))
    }

    @Test func sierrasReadEndsAtItsPattern() {
        let pattern = "--EOF--Pattern--\r\nOK\r\n"
        #expect(result(SierraHLShape(), 9, "\r\nCONNECT\r\nCONNECT\r\n\(pattern)") == (received("CONNECT\r\n"), []))
        #expect(result(SierraHLShape(), 1_500, "\r\nCONNECT\r\nabcd\(pattern)") == (received("abcd"), []))
        #expect(result(SierraHLShape(), 1_500, "\r\nCONNECT\r\n\(pattern)") == (.empty, []))
    }
}
