import Mail
import NIOCore
import Support
import Testing

/// A source that gives fewer octets than asked for, by a step, and notes the largest request.
struct SlowSource: OctetSource {
    let bytes: [UInt8]
    let step: Int

    var octets: Int { bytes.count }

    func read(at offset: Int, upTo count: Int) async throws -> ByteBuffer {
        ByteBuffer(bytes: bytes[offset..<min(bytes.count, offset + min(step, count))])
    }
}

let stamp = MessageStamp(
    date: MessageDate(secondsSince1970: 1_795_556_062, zoneOffsetMinutes: 60), random: Array(0..<16))

func draft(_ subject: String = "Test") throws -> MessageDraft {
    var draft = MessageDraft(from: try Mailbox(parsing: "a@example.com"))
    draft.to = [try Mailbox(parsing: "b@example.org")]
    draft.subject = subject
    return draft
}

/// All octets of a message, after checking what must hold for every message.
func octets(_ message: BuiltMessage) async throws -> [UInt8] {
    var all: [UInt8] = []
    var reader = message.reader()
    while let chunk = try await reader.next() {
        #expect(chunk.readableBytes > 0 && chunk.readableBytes <= MessageReader.chunkOctets)
        all += chunk.readableBytesView
    }
    #expect(all.count == message.octets)
    #expect(message.needs8Bit == all.contains { $0 >= 0x80 })
    var lineOctets = 0
    var previous: UInt8 = 0
    var badLines = 0
    for octet in all {
        if (octet == 0x0A) != (previous == 0x0D) || octet == 0 { badLines += 1 }
        lineOctets = octet == 0x0A ? 0 : lineOctets + 1
        if lineOctets > 999 { badLines += 1 }
        previous = octet
    }
    #expect(badLines == 0 && previous == 0x0A && lineOctets == 0)
    return all
}

func text(_ draft: MessageDraft, allows8Bit: Bool = true) async throws -> String {
    String(decoding: try await octets(try await draft.prepare(stamp).encoded(allows8Bit: allows8Bit)), as: UTF8.self)
}

/// Python's email package reads messages: an independent author's understanding of the same standards.
///
/// For each message: one line of fields separated by tabs, subject, the sender's name, To, defects, then for each leaf part its type,
/// file name and decoded octets in base64.
func readByPython(_ messages: [[UInt8]]) throws -> [[String]] {
    let script = """
        import sys, base64, email, email.policy
        from email.header import decode_header, make_header
        from email.utils import parseaddr
        for line in sys.stdin:
            m = email.message_from_bytes(base64.b64decode(line), policy=email.policy.default)
            old = email.message_from_bytes(base64.b64decode(line))
            # The newer parser keeps the blanks between encoded words of a name, against RFC 2047 section 6.2.
            name = str(make_header(decode_header(parseaddr(old['from'])[0])))
            out = [str(m['subject']), name, str(m['to'])]
            defects = list(m.defects)
            for h in ('subject', 'from', 'to', 'cc'):
                if m[h] is not None: defects += m[h].defects
            parts = []
            for p in m.walk():
                defects += p.defects
                if not p.is_multipart():
                    parts += [p.get_content_type() + ';' + str(p.get_content_charset()), str(p.get_filename()),
                              base64.b64encode(p.get_payload(decode=True)).decode()]
            print('\\t'.join(out + [repr(defects)] + parts))
        """
    // Batches that fit a pipe: what is written is all taken before anything is read.
    var batches = [""]
    for message in messages {
        let line = String(decoding: base64(message), as: UTF8.self) + "\n"
        if batches[batches.count - 1].utf8.count + line.utf8.count > 60_000 { batches.append("") }
        batches[batches.count - 1] += line
    }
    return try batches.flatMap { batch in
        try TestProcess.run(["python3", "-c", script], input: batch).split(separator: "\n").map { $0.components("\t") }
    }
}

func base64(_ octets: [UInt8]) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: octets.count, by: 3) {
        let group = octets[start..<min(start + 3, octets.count)]
        let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for index in 0..<4 { result.append(index <= group.count ? digits[bits >> (18 - 6 * index) & 63] : 0x3D) }
    }
    return result
}

extension Substring {
    func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
