public import NIOCore

/// One pass over a message, in chunks of at most 64 kB; only CRLF line ends, and CRLF at the end.
///
/// It never hands out more octets than the message said it has: a source that changed since it was measured is an error.
public struct MessageReader: Sendable {
    /// Largest chunk, in octets.
    public static let chunkOctets = 65_536
    /// A chunk goes out when less room than this is left in it.
    private static let leastRoom = 2048

    private var rest: ArraySlice<BuiltMessage.Segment>
    private var current: OpenBody?

    init(_ segments: [BuiltMessage.Segment]) {
        rest = segments[...]
    }

    /// The next chunk, never empty; nil at the end.
    public mutating func next() async throws(MailError) -> ByteBuffer? {
        var chunk = ByteBuffer()
        while Self.chunkOctets - chunk.readableBytes >= Self.leastRoom {
            if current != nil {
                try await readBody(into: &chunk)
            } else if let segment = rest.popFirst() {
                open(segment, into: &chunk)
            } else {
                break
            }
        }
        return chunk.readableBytes > 0 ? chunk : nil
    }

    private mutating func open(_ segment: BuiltMessage.Segment, into chunk: inout ByteBuffer) {
        switch segment {
        case .literal(var text):
            if let part = text.readSlice(length: min(text.readableBytes, Self.chunkOctets - chunk.readableBytes)) {
                chunk.writeImmutableBuffer(part)
            }
            if text.readableBytes > 0 { rest = [.literal(text)] + rest }
        case .body(let body):
            current = OpenBody(body)
        }
    }

    private mutating func readBody(into chunk: inout ByteBuffer) async throws(MailError) {
        guard var body = current else { return }
        current = nil
        let before = chunk.readableBytes
        let isDone: Bool
        if body.offset < body.segment.source.octets {
            let room = body.encoder.intake(room: Self.chunkOctets - before)
            let octets = try await body.segment.source.octets(
                at: body.offset, upTo: min(room, body.segment.source.octets - body.offset), name: body.segment.name)
            body.offset += octets.readableBytes
            body.encoder.encode(octets, into: &chunk)
            isDone = false
        } else {
            body.encoder.finish(into: &chunk)
            if body.segment.addsLineEnd { chunk.writeBytes([0x0D, 0x0A]) }
            isDone = true
        }
        body.written += chunk.readableBytes - before
        let expected = body.segment.octets
        guard isDone ? body.written == expected : body.written <= expected else {
            throw .changed(name: body.segment.name)
        }
        if !isDone { current = body }
    }
}

/// A body that is being read.
private struct OpenBody: Sendable {
    let segment: BodySegment
    var offset: Int
    var encoder: PartEncoder
    var written = 0

    init(_ segment: BodySegment) {
        self.segment = segment
        offset = segment.start
        encoder = PartEncoder(segment.encoding, isText: segment.isText)
    }
}
