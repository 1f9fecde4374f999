/// The first pass over a ready-made message: octets in, header fields and the body's measures out, errors by line.
struct ReadyMessageScan {
    /// A field as it came: its octets without the last line end, folded lines joined by LF.
    struct Field: Equatable {
        let line: Int
        var octets: [UInt8]
    }

    private enum Place {
        /// Before the header: what is cleaned away.
        case before
        case header
        case body
    }

    private enum LineEnd {
        case lineFeed
        case both
    }

    private(set) var fields: [Field] = []
    /// Where in the source the body begins.
    private(set) var bodyStart = 0
    /// With CRLF line ends.
    private(set) var bodyOctets = 0
    private(set) var bodyHas8Bit = false
    private(set) var endsAtLineStart = true
    private var utf8 = UTF8Check()
    var bodyIsUTF8: Bool { utf8.isValid }

    /// Largest header, in octets.
    static let headerLimit = 262_144
    static let lineLimit = 998

    private var place = Place.before
    private var lineEnd: LineEnd?
    private var line: [UInt8] = []
    private var lineOctets = 0
    private var lineNumber = 1
    private var offset = 0
    private var headerOctets = 0
    private var sawCarriageReturn = false

    mutating func take(_ octets: Span<UInt8>) throws(MailError) {
        for index in octets.indices { try take(octets[index]) }
    }

    mutating func finish() throws(MailError) {
        if sawCarriageReturn { throw error("has a CR without LF", Self.lineEndRemedy) }
        switch place {
        case .before, .header:
            if lineOctets > 0 { try endHeaderLine() }
            bodyStart = offset
        case .body:
            endsAtLineStart = lineOctets == 0
        }
        guard !fields.isEmpty else { throw .message(problem: "has no header") }
        utf8.finish()
    }

    private mutating func take(_ octet: UInt8) throws(MailError) {
        offset += 1
        if sawCarriageReturn, octet != 0x0A { throw error("has a CR without LF", Self.lineEndRemedy) }
        switch octet {
        case 0x0A: try endLine()
        case 0x0D: sawCarriageReturn = true
        case 0: throw error("holds a NUL", "send what is no text with --attach")
        default: try takeText(octet)
        }
    }

    private mutating func takeText(_ octet: UInt8) throws(MailError) {
        lineOctets += 1
        guard lineOctets <= Self.lineLimit else {
            throw error(
                "has more than \(Self.lineLimit) octets",
                "encode that part as quoted-printable or base64, or send the text with --body-file")
        }
        guard place == .body else {
            line.append(octet)
            if place == .before, lineNumber == 1, line == [0xEF, 0xBB, 0xBF] {
                line = []
                lineOctets = 0
            }
            return
        }
        bodyOctets += 1
        if octet >= 0x80 { bodyHas8Bit = true }
        utf8.take(octet)
    }

    private mutating func endLine() throws(MailError) {
        let found = sawCarriageReturn ? LineEnd.both : .lineFeed
        sawCarriageReturn = false
        guard found == lineEnd ?? found else {
            throw error(
                "ends a line in \(found == .both ? "CR LF" : "LF alone"), unlike the lines before,", Self.lineEndRemedy)
        }
        lineEnd = found
        switch place {
        case .before, .header: try endHeaderLine()
        case .body: bodyOctets += 2
        }
        lineNumber += 1
        lineOctets = 0
    }

    private mutating func endHeaderLine() throws(MailError) {
        defer { line.removeAll(keepingCapacity: true) }
        headerOctets += line.count
        guard headerOctets <= Self.headerLimit else {
            throw error("has a header of more than \(Self.headerLimit) octets")
        }
        if place == .before, line.isEmpty || line.starts(with: "From ".utf8) { return }
        if line.isEmpty {
            place = .body
            bodyStart = offset
        } else if line[0] == 0x20 || line[0] == 0x09 {
            guard !fields.isEmpty, line.contains(where: { $0 != 0x20 && $0 != 0x09 }) else {
                throw error("has a header line of blanks, or a continued one without a beginning,")
            }
            fields[fields.count - 1].octets += [0x0A] + line
        } else {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon <= 77,
                line[..<colon].allSatisfy({ (33...126).contains($0) }), colon > 0
            else { throw error("has no 'Name: value' in its header") }
            place = .header
            fields.append(Field(line: lineNumber, octets: line))
        }
    }

    private static let lineEndRemedy = "let every line end in LF, or every line in CR LF"

    private func error(_ problem: String, _ remedy: String = "write it as RFC 5322 has it") -> MailError {
        .line(lineNumber, problem: problem, remedy: remedy)
    }
}
