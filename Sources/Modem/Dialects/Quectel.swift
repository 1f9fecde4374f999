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
            Introducer(prefix: "+QIRD:", count: Self.fetched),
            Introducer(prefix: "+QIURC:", count: Self.pushed),
        ]
    }

    /// `+QIRD: n` announces *n* octets behind its line end; with more fields it is another answer.
    private static func fetched(_ text: String) -> Int? {
        guard let fields = LineFields(text, prefix: "+QIRD:"), fields.count == 1 else { return nil }
        return fields.count(0)
    }

    /// `+QIURC: "recv",id,n`
    private static func pushed(_ text: String) -> Int? {
        guard let fields = LineFields(text, prefix: "+QIURC:"), fields.count == 3 else { return nil }
        return fields[0] == "recv" ? fields.count(2) : nil
    }
}
