import NIOCore

/// A body or an attachment after the first pass.
struct MeasuredPart: Sendable {
    /// What follows it decides how it ends.
    enum Closing: Sendable, Equatable {
        /// A boundary's delimiter line, whose CRLF comes on top of the part's own octets.
        case delimiter
        /// The end of the message, which is a CRLF: its own, or else one that is added.
        case message
    }

    let source: any OctetSource
    /// In errors: "the text", or the attachment's name.
    let name: String
    /// Octets of the source before this one belong to something else.
    let start: Int
    let isText: Bool
    let closing: Closing
    let measure: PartMeasure
    private static let scanOctets = 65_536

    /// - Parameter start: where in the source the part begins; it goes to the source's end.
    init(
        _ source: any OctetSource, name: String, from start: Int = 0, isText: Bool, closing: Closing
    ) async throws(MailError) {
        var measure = PartMeasure(isText: isText, octets: source.octets - start)
        var offset = start
        while offset < source.octets {
            let chunk = try await source.octets(
                at: offset, upTo: min(Self.scanOctets, source.octets - offset), name: name)
            measure.take(chunk.readableBytesUInt8Span)
            offset += chunk.readableBytes
        }
        measure.finish()
        self.source = source
        self.name = name
        self.start = start
        self.isText = isText
        self.closing = closing
        self.measure = measure
    }

    /// The encoding with the fewest octets, its own header field counted; 7bit needs none (RFC 2045 §6.1).
    func encoding(allows8Bit: Bool) -> TransferEncoding {
        if !measure.needsEncoding, !measure.has8Bit { return .sevenBit }
        if !measure.needsEncoding, allows8Bit { return .eightBit }
        guard let quotedOctets = measure.quotedOctets else { return .base64 }
        let quoted = quotedOctets + TransferEncoding.quotedPrintable.rawValue.utf8.count
        let base64 = measure.base64Octets + TransferEncoding.base64.rawValue.utf8.count
        return quoted <= base64 ? .quotedPrintable : .base64
    }

    /// The part as a segment of exact length.
    func body(_ encoding: TransferEncoding) -> BodySegment {
        let own =
            switch encoding {
            case .sevenBit, .eightBit: measure.plainOctets
            case .quotedPrintable: measure.quotedOctets ?? 0
            case .base64: measure.base64Octets
            }
        let endsLine =
            switch (encoding, closing) {
            case (.base64, _): own > 0
            case (.sevenBit, .message), (.eightBit, .message), (.quotedPrintable, .message):
                own > 0 && measure.endsAtLineStart
            case (.sevenBit, .delimiter), (.eightBit, .delimiter), (.quotedPrintable, .delimiter): false
            }
        return BodySegment(
            source: source, name: name, start: start, encoding: encoding, isText: isText, addsLineEnd: !endsLine,
            octets: own + (endsLine ? 0 : 2))
    }
}

/// Encoded octets of a source, and how many they are.
struct BodySegment: Sendable {
    let source: any OctetSource
    let name: String
    let start: Int
    let encoding: TransferEncoding
    let isText: Bool
    let addsLineEnd: Bool
    let octets: Int
}
