import NIOCore

/// Finds what a modem says in plain text on a line of frames.
///
/// * Before the first flag all is text: a banner, a late result code.
/// * Behind a flag, text begins with CR or LF, as a result code does (V.250 §5.7.1), and is printable throughout. No frame
///   begins so: neither FF 03 nor a protocol in use does.
/// * Amid a frame it is `NO CARRIER` alone that is looked for, between CR LF and CR LF. Where the peer escapes CR and LF that
///   cannot be payload. Else it can, and is a suspicion only, as long as nothing but text follows.
///
/// It is shown what belongs to no good frame. A frame with a good FCS is payload, whatever it holds.
struct LineTextReader: Sendable {
    private enum Place {
        case banner
        case behindFlag
        case text
        /// `matched` octets of the words have come; `behind` octets of text since the whole of them.
        case frame(matched: Int, behind: Int?)
    }

    private var place = Place.banner
    private var line: [UInt8] = []

    var bufferedOctets: Int { line.count }

    var isLineEndSuspected: Bool {
        switch place {
        case .frame(_, let behind): behind != nil
        case .banner, .behindFlag, .text: false
        }
    }

    /// - Parameter isCertain: CR and LF are escaped in payload.
    mutating func read(_ octets: ByteBufferView, isCertain: Bool, into outputs: inout [HDLCDecoder.Output]) {
        var rest = octets
        while let octet = rest.first {
            switch place {
            case .banner:
                readText(octet, into: &outputs)
                rest = rest.dropFirst()
            case .behindFlag:
                place = Self.isLineEnd(octet) ? .text : .frame(matched: Self.lineEnd, behind: nil)
            case .text where Self.isText(octet):
                readText(octet, into: &outputs)
                rest = rest.dropFirst()
            case .text:
                line.removeAll(keepingCapacity: true)
                place = .frame(matched: 0, behind: nil)
            case .frame(let matched, let behind):
                return readFrame(
                    rest, matched: matched, behind: behind, isCertain: isCertain, into: &outputs)
            }
        }
    }

    /// A flag has come behind what was read. A line that it cuts is given out.
    /// - Returns: whether all since the flag before was text.
    mutating func end(into outputs: inout [HDLCDecoder.Output]) -> Bool {
        defer { reset() }
        switch place {
        case .banner, .text:
            endLine(into: &outputs)
            return true
        case .behindFlag, .frame: return false
        }
    }

    /// What came since the last flag was a frame.
    mutating func reset() {
        place = .behindFlag
        line.removeAll(keepingCapacity: true)
    }

    private mutating func readText(_ octet: UInt8, into outputs: inout [HDLCDecoder.Output]) {
        if Self.isLineEnd(octet) {
            endLine(into: &outputs)
        } else if Self.isText(octet), line.count < Self.lineLimit {
            line.append(octet)
        }
    }

    private mutating func endLine(into outputs: inout [HDLCDecoder.Output]) {
        guard !line.isEmpty else { return }
        outputs.append(.text(ByteBuffer(bytes: line)))
        line.removeAll(keepingCapacity: true)
    }

    private mutating func readFrame(
        _ octets: ByteBufferView, matched: Int, behind: Int?, isCertain: Bool, into outputs: inout [HDLCDecoder.Output]
    ) {
        var (matched, behind) = (matched, behind)
        var rest = octets
        if !isCertain {
            // What stands before the last octet that is no text can be no part of the suspicion, nor what is too far from the end.
            let end = rest.suffix(Self.suspectedEnd)
            let text = end.lastIndex { !Self.isText($0) }.map { end[end.index(after: $0)...] } ?? end
            if text.count < rest.count { (matched, behind) = (0, nil) }
            rest = text
        }
        while let octet = rest.first {
            if matched == 0, behind == nil {
                // The pointer lives as long as the closure.
                let next = unsafe rest.withUnsafeBytes { unsafe HDLC.offset(of: Self.words[0], in: $0) }
                guard next < rest.count else { break }
                matched = 1
                rest = rest.dropFirst(next + 1)
                continue
            }
            // The words begin anew at a CR alone, which stands in them at no other place that a mismatch can lead back to.
            matched = octet == Self.words[matched] ? matched + 1 : octet == Self.words[0] ? 1 : 0
            behind = behind.flatMap { $0 < Self.longestBehind && Self.isText(octet) ? $0 + 1 : nil }
            rest = rest.dropFirst()
            guard matched == Self.words.count else { continue }
            // Their own CR LF may begin the next words.
            (matched, behind) = (Self.lineEnd, 0)
            if isCertain { outputs.append(.text(ByteBuffer(bytes: Self.words[Self.lineEnd..<(Self.words.count - 2)]))) }
        }
        place = .frame(matched: matched, behind: behind)
    }

    private static func isLineEnd(_ octet: UInt8) -> Bool {
        octet == 0x0D || octet == 0x0A
    }

    private static func isText(_ octet: UInt8) -> Bool {
        (0x20..<0x7F).contains(octet) || octet == 0x09 || isLineEnd(octet)
    }

    private static let words = Array("\r\nNO CARRIER\r\n".utf8)
    private static let lineEnd = 2
    private static let lineLimit = 256
    /// Text behind the words that may be more of what the modem says.
    private static let longestBehind = 160
    private static let suspectedEnd = longestBehind + 14
}
