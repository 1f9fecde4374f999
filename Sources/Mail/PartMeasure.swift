import NIOCore

/// What one pass over a part finds: which encodings it can have, and how long it is in each.
struct PartMeasure {
    /// As it is, but for LF that became CRLF where it ends a line.
    private(set) var plainOctets = 0
    private(set) var has8Bit = false
    /// Why it cannot go as it is: NUL, CR or LF alone, a line over 998 octets, `From ` or what might be a boundary at the
    /// start of a line.
    private(set) var needsEncoding = false
    /// nil: more than base64 takes, and not counted to the end.
    private(set) var quotedOctets: Int?
    private(set) var endsAtLineStart = true

    private let isText: Bool
    private var quotedCount = OctetCount()
    private var quoted: QuotedPrintableEncoder
    /// More than base64 can take.
    private let quotedLimit: Int
    private var utf8 = UTF8Check()
    private var previous: UInt8 = 0x0A
    private var lineOctets = 0
    /// The first five octets of the line.
    private var lineStart: UInt64 = 0

    /// - Parameters:
    ///   - isText: LF ends a line; else it is an octet that must arrive as it is.
    ///   - octets: how long the part is before encoding.
    init(isText: Bool, octets: Int) {
        self.isText = isText
        quoted = QuotedPrintableEncoder(lineFeedEndsLine: isText)
        // Text may grow by a CR for each LF before it becomes base64.
        quotedLimit = Base64Encoder.length(of: isText ? octets * 2 : octets)
    }

    var isUTF8: Bool { utf8.isValid }
    var base64Octets: Int { Base64Encoder.length(of: plainOctets) }

    mutating func take(_ octets: Span<UInt8>) {
        for index in octets.indices { take(octets[index]) }
        if quotedCount.octets <= quotedLimit { quoted.encode(octets, into: &quotedCount) }
        utf8.take(octets)
    }

    mutating func finish() {
        if previous == 0x0D { needsEncoding = true }
        quoted.finish(into: &quotedCount)
        quotedOctets = quotedCount.octets <= quotedLimit ? quotedCount.octets : nil
        endsAtLineStart = previous == 0x0A
        utf8.finish()
    }

    private mutating func take(_ octet: UInt8) {
        plainOctets += 1
        if previous == 0x0D, octet != 0x0A { needsEncoding = true }
        if octet == 0x0A {
            if previous != 0x0D {
                if isText { plainOctets += 1 } else { needsEncoding = true }
            }
            lineOctets = 0
            lineStart = 0
        } else if octet != 0x0D {
            lineOctets += 1
            if lineOctets <= 5 { takeLineStart(octet) }
            if lineOctets > 998 || octet == 0 { needsEncoding = true }
            if octet >= 0x80 { has8Bit = true }
        }
        previous = octet
    }

    private mutating func takeLineStart(_ octet: UInt8) {
        lineStart = lineStart << 8 | UInt64(octet)
        if lineStart == Self.mboxFrom || lineStart == Self.boundaryStart { needsEncoding = true }
    }

    /// `From `.
    private static let mboxFrom: UInt64 = 0x46_72_6F_6D_20
    /// `--=_`: every boundary of ours starts so, and no quoted-printable or base64 line does.
    private static let boundaryStart: UInt64 = 0x2D_2D_3D_5F
}

/// Whether octets are UTF-8 (RFC 3629 §4), over any number of pieces.
struct UTF8Check {
    private(set) var isValid = true
    private var missing = 0
    /// What the next continuation octet may be; narrower right after some first octets.
    private var allowed: ClosedRange<UInt8> = 0x80...0xBF

    mutating func take(_ octets: Span<UInt8>) {
        guard isValid else { return }
        for index in octets.indices { take(octets[index]) }
    }

    mutating func finish() {
        if missing > 0 { isValid = false }
    }

    mutating func take(_ octet: UInt8) {
        if octet < 0x80, missing == 0 { return }
        if missing > 0 {
            guard allowed.contains(octet) else {
                isValid = false
                return
            }
            missing -= 1
            allowed = 0x80...0xBF
            return
        }
        switch octet {
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, allowed) = (2, 0xA0...0xBF)
        case 0xED: (missing, allowed) = (2, 0x80...0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, allowed) = (3, 0x90...0xBF)
        case 0xF4: (missing, allowed) = (3, 0x80...0x8F)
        case 0xF1...0xF3: missing = 3
        default: isValid = false
        }
    }
}
