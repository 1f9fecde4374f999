public import AT
import NIOCore

/// Quectel EC2x, EG9x, BG9x, UG95, EC200 and their kin: the `+QI` socket commands.
///
/// Sources: Quectel EC200U & EG915U TCP/IP Application Note V1.1; BG95 TCP/IP Application Note.
///
/// Buffer mode is the default: what the host does not fetch waits in the modem behind the window of its TCP, so that no line
/// without flow control can lose it. Push mode saves the fetch (one turn per 1,500 octets) and is safe on USB or with
/// RTS/CTS only; a mail receives too little for that to pay.
public struct Quectel: Dialect {
    /// The access modes of `+QIOPEN`.
    public enum Mode: Int, Sendable, Equatable, CaseIterable {
        case buffer = 0
        case push = 1
        case transparent = 2
    }

    public let mode: Mode

    public init(mode: Mode) {
        self.mode = mode
    }

    public var name: String {
        switch mode {
        case .buffer: "quectel"
        case .push: "quectel/push"
        case .transparent: "quectel/transparent"
        }
    }

    /// `+QISEND` takes 1,460 octets, `+QIRD` gives 1,500; the URC of `+QIOPEN` comes within 150 s.
    public var limits: DialectLimits { DialectLimits(sendOctets: 1460, receiveOctets: 1500, openLimit: .seconds(150)) }

    public var carriage: Carriage {
        switch mode {
        case .buffer: .pull
        case .push: .push
        case .transparent: .online(OnlineCarriage(endText: Array("\r\nNO CARRIER\r\n".utf8)))
        }
    }

    public var slots: SlotChoice { .host(0...11) }

    public var unsolicitedPrefixes: [String] { ["+QIURC:", "+QIOPEN:"] }

    public var introducers: [Introducer] {
        [
            Introducer(
                prefix: "+QIRD:", examine: { Self.introduction(of: $0, countAt: 0, prefix: "+QIRD:", fields: 1) }),
            Introducer(
                prefix: "+QIURC:", examine: { Self.introduction(of: $0, countAt: 2, prefix: "+QIURC:", fields: 3) }),
        ]
    }

    /// No count of either form is larger; one that is announces nothing that we asked for.
    private static let largestPayload = 4096
    /// Longer lines announce no octets.
    private static let longestHeader = 64

    /// `+QIRD: n` and `+QIURC: "recv",id,n` announce *n* octets behind their line end.
    private static func introduction(
        of octets: ByteBufferView, countAt index: Int, prefix: String, fields count: Int
    ) -> Introduction {
        guard let end = octets.firstIndex(of: 0x0A) else {
            return octets.count > longestHeader ? .line : .needMore
        }
        let header = octets.distance(from: octets.startIndex, to: end) + 1
        guard header <= longestHeader else { return .line }
        var text = String(decoding: octets[..<end], as: UTF8.self)
        if text.utf8.last == 0x0D { text = String(decoding: text.utf8.dropLast(), as: UTF8.self) }
        guard let fields = LineFields(text, prefix: prefix), fields.count == count else { return .line }
        guard count == 1 || fields[0] == "recv" else { return .line }
        guard let announced = fields.count(index), announced > 0, announced <= largestPayload else { return .line }
        return .payload(header: header, octets: announced, trailer: 0)
    }
}
