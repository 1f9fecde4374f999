public import NIOCore

/// Whether text is lines as SMTP has them: ended by CR LF, no CR or LF besides, none longer than the limit
/// (RFC 5321 §2.3.8, §4.5.3.1.6). In any pieces.
public struct LineCheck: Sendable {
    public enum Fault: Sendable, Equatable {
        case bareCarriageReturn
        case bareLineFeed
        case lineTooLong
    }

    private let lineOctets: Int
    private var length = 0
    private var endsInCarriageReturn = false
    /// The first that was found.
    public private(set) var fault: Fault?
    public private(set) var has8Bit = false

    /// - Parameter lineOctets: of a line with its CR LF; 1000 by the standard.
    public init(lineOctets: Int = 1000) {
        self.lineOctets = lineOctets
    }

    public mutating func check(_ octets: ByteBuffer) {
        let view = octets.readableBytesView
        if !has8Bit { has8Bit = octets.has8Bit }
        var rest = view[...]
        while fault == nil, !rest.isEmpty {
            if endsInCarriageReturn {
                guard rest.first == 0x0A else {
                    fault = .bareCarriageReturn
                    return
                }
                endsInCarriageReturn = false
                note(1, of: nil)
                length = 0
                rest = rest.dropFirst()
                continue
            }
            let end = rest.firstIndex(of: 0x0D)
            let text = end.map { rest[..<$0] } ?? rest
            guard !text.contains(0x0A) else {
                fault = .bareLineFeed
                return
            }
            note(text.count, of: end)
            rest = end.map { rest[rest.index(after: $0)...] } ?? rest[rest.endIndex...]
        }
    }

    /// At the end of the text.
    public mutating func finish() {
        if endsInCarriageReturn, fault == nil { fault = .bareCarriageReturn }
    }

    private mutating func note(_ count: Int, of carriageReturn: Int?) {
        length += count
        if carriageReturn != nil {
            length += 1
            endsInCarriageReturn = true
        }
        if length > lineOctets { fault = .lineTooLong }
    }
}
