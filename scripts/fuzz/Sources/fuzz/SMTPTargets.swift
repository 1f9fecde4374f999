import NIOCore
import SMTP

/// Replies, whole and in pieces, are the same.
func fuzzSMTPReply(_ octets: [UInt8]) {
    func replies(_ parts: [ArraySlice<UInt8>]) -> (replies: [Reply], failed: Bool) {
        var parser = ReplyParser()
        var replies: [Reply] = []
        for part in parts {
            parser.append(ByteBuffer(bytes: part))
            do {
                while let reply = try parser.next() { replies.append(reply) }
            } catch {
                return (replies, true)
            }
        }
        return (replies, false)
    }
    let parts = pieces(octets)
    let split = replies(parts)
    let whole = replies([ArraySlice(parts.joined())])
    require(split.replies == whole.replies && split.failed == whole.failed, "replies depend on how they are split")
}

/// A session whose every question is answered with yes keeps its bounds and ends when its peer does.
func fuzzSMTPServer(_ octets: [UInt8]) {
    var configuration = SMTPServerConfiguration(hostName: "mail.example.com", security: .tls)
    configuration.sizeLimit = 100_000
    var session = SMTPServerSession(configuration)
    let now = NIODeadline.uptimeNanoseconds(0)
    var isOver = false
    func handle(_ event: SMTPServerSession.Event) {
        var events = [event]
        var turns = 0
        while let next = events.popLast() {
            turns += 1
            require(turns < 100_000, "a session that never waits")
            for action in session.handle(next, now: now) {
                switch action {
                case .ask: events.append(.answered(.yes()))
                case .startTLS: events.append(.tlsEstablished)
                case .close: isOver = true
                case .write, .begin, .content, .discard: continue
                }
            }
        }
    }
    handle(.opened)
    for part in pieces(octets) where !isOver { handle(.received(ByteBuffer(bytes: part))) }
    handle(.ended)
    require(!session.wantsInput, "a session that outlives its peer")
}
