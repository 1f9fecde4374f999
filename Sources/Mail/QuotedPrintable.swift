/// Quoted-printable (RFC 2045 §6.7), incremental; any split of the input gives the same output.
///
/// A line has at most 76 columns. Blanks at a line's end, a lone dot and the blank of `From ` at a line's start are encoded,
/// so that no relay on the way changes or misreads them.
struct QuotedPrintableEncoder {
    /// Whether a lone LF ends a line, as in text; else it is an octet that must arrive (`=0A`). CRLF ends a line always, and
    /// a lone CR is an octet always.
    let lineFeedEndsLine: Bool
    /// The last octet, whose form depends on what follows it.
    private var held: UInt8?
    private var sawCarriageReturn = false
    private var column = 0
    /// How many letters of `From` stand at the line's start and nothing else.
    private var fromLetters = 0

    init(lineFeedEndsLine: Bool) {
        self.lineFeedEndsLine = lineFeedEndsLine
    }

    /// Whether the last thing written was a line end, or nothing was.
    var isAtLineStart: Bool { column == 0 }

    mutating func encode(_ octets: Span<UInt8>, into sink: inout some OctetSink) {
        for index in octets.indices { take(octets[index], &sink) }
    }

    mutating func finish(into sink: inout some OctetSink) {
        if sawCarriageReturn {
            writeHeld(atLineEnd: false, &sink)
            held = 0x0D
            sawCarriageReturn = false
        }
        writeHeld(atLineEnd: true, &sink)
    }

    private mutating func take(_ octet: UInt8, _ sink: inout some OctetSink) {
        if sawCarriageReturn {
            sawCarriageReturn = false
            if octet == 0x0A { return endLine(&sink) }
            writeHeld(atLineEnd: false, &sink)
            held = 0x0D
        }
        if octet == 0x0D {
            sawCarriageReturn = true
        } else if octet == 0x0A, lineFeedEndsLine {
            endLine(&sink)
        } else {
            writeHeld(atLineEnd: false, &sink)
            held = octet
        }
    }

    private mutating func endLine(_ sink: inout some OctetSink) {
        writeHeld(atLineEnd: true, &sink)
        breakLine(&sink)
    }

    private mutating func breakLine(_ sink: inout some OctetSink) {
        sink.put(0x0D)
        sink.put(0x0A)
        column = 0
        fromLetters = 0
    }

    private mutating func writeHeld(atLineEnd: Bool, _ sink: inout some OctetSink) {
        guard let octet = held else { return }
        held = nil
        var isLiteral = isLiteral(octet, atLineEnd)
        if column + (isLiteral ? 1 : 3) > (atLineEnd ? 76 : 75) {
            sink.put(UInt8(ascii: "="))
            breakLine(&sink)
            isLiteral = self.isLiteral(octet, atLineEnd)
        }
        if isLiteral {
            sink.put(octet)
            if fromLetters == column, fromLetters < 4, octet == Self.from[fromLetters] { fromLetters += 1 }
            column += 1
        } else {
            sink.put(UInt8(ascii: "="))
            sink.put(Self.digits[Int(octet >> 4)])
            sink.put(Self.digits[Int(octet & 15)])
            column += 3
        }
    }

    private func isLiteral(_ octet: UInt8, _ atLineEnd: Bool) -> Bool {
        switch octet {
        case UInt8(ascii: "="): false
        case UInt8(ascii: "."): !(column == 0 && atLineEnd)
        case UInt8(ascii: " "): !atLineEnd && !(column == 4 && fromLetters == 4)
        case 0x09: !atLineEnd
        default: (0x21...0x7E).contains(octet)
        }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let from = Array("From".utf8)
}

/// Where an encoder puts its octets, or counts them.
protocol OctetSink {
    mutating func put(_ octet: UInt8)
}

struct OctetCount: OctetSink {
    var octets = 0

    mutating func put(_ octet: UInt8) { octets += 1 }
}

extension [UInt8]: OctetSink {
    mutating func put(_ octet: UInt8) { append(octet) }
}
