import NIOCore

/// The readers of this target as functions of octets, with what they promise: for `scripts/fuzz`, since nobody else needs their
/// types. Each answers with the promise that is broken, or nil.
@_spi(Fuzzing) public enum WireCheck {
    /// Octets as a stream of requests, and as one of replies: what is read comes back.
    public static func messages(_ octets: [UInt8]) -> String? {
        var input = ByteBuffer(bytes: octets)
        while let frame = try? HelperFrame.read(from: &input) {
            var asRequest = frame.message
            if let request = HelperRequest(decoding: &asRequest) {
                var again = ByteBuffer()
                request.encode(into: &again)
                if HelperRequest(decoding: &again) != request { return "a request does not come back" }
            }
            var asReply = frame.message
            if let reply = HelperReply(decoding: &asReply) {
                var again = ByteBuffer()
                reply.encode(into: &again)
                if HelperReply(decoding: &again) != reply { return "a reply does not come back" }
            }
        }
        return nil
    }

    /// Datagrams of name servers: a look-up ends once, asks a bounded number of times, and ends in bounded time. The first octet
    /// of each says from whom it comes, and whether it begins as an answer to the question or not at all.
    public static func answers(_ datagrams: [[UInt8]]) -> String? {
        let question = LookupQuestion(name: "mail.example.com", families: [.v4, .v6], limit: .seconds(60))
        var lookup = DNSLookup(question, servers: 2, identifiers: [.v4: 0x1111, .v6: 0x2222])
        var now = NIODeadline.uptimeNanoseconds(0)
        var (sent, finished) = (0, 0)
        func handle(_ event: DNSLookup.Event) {
            for action in lookup.handle(event, now: now) {
                switch action {
                case .send: sent += 1
                case .finish: finished += 1
                }
            }
        }
        handle(.begun)
        for datagram in datagrams {
            guard let first = datagram.first else { continue }
            handle(.received(answer(first, Array(datagram.dropFirst())), server: Int(first & 1)))
            now = now + .milliseconds(Int64(first >> 4))
        }
        var turns = 0
        while let deadline = lookup.deadline, turns < 100 {
            now = deadline
            handle(.deadlinePassed)
            turns += 1
        }
        if finished != 1 { return "a look-up that ends \(finished) times" }
        if sent > 16 { return "\(sent) questions for one name" }
        return now <= .uptimeNanoseconds(0) + .seconds(61) + .milliseconds(16 * Int64(datagrams.count))
            ? nil : "a look-up without end"
    }

    private static func answer(_ kind: UInt8, _ octets: [UInt8]) -> [UInt8] {
        guard kind & 2 != 0, let name = DNSName("mail.example.com") else { return octets }
        let family = kind & 4 != 0 ? IPAddress.Family.v6 : .v4
        let query = DNSMessage.query(name, family, identifier: family == .v4 ? 0x1111 : 0x2222)
        // The answer's flags and counts are the fuzzer's.
        var answer = Array(query.readableBytesView)
        answer[2] = 0x80
        for (index, octet) in octets.prefix(3).enumerated() { answer[[3, 6, 7][index]] = octet }
        return answer + octets.dropFirst(3)
    }
}
