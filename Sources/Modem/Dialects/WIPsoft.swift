public import AT
import NIOCore

/// Wavecom's and Sierra Wireless's Open AT modems with the WIP plug-in: the `+WIP` commands. The connection is made in command
/// mode; its octets travel on the line in data mode alone.
///
/// Sources: WIP AT Commands User Guide WM_DEV_OAT_UGD_024 (WIPsoft 3.11, 3.21); Multi-Tech, IP Connectivity AT Commands for
/// GPRS-F4 (S000437C); Multi-Tech, CDMA C1 AT Commands (S000478C).
///
/// Continuous mode is the default: it tells the peer's end and its reset in the stream, and can end the direction of writing
/// alone. Transparent mode does neither (a silent line is asked after half a minute), but needs no octet twice; and CDMA C1
/// modems know nothing else for TCP.
public struct WIPsoft: Dialect {
    /// The modes of `+WIPDATA`.
    public enum Mode: Int, Sendable, Equatable, CaseIterable {
        case continuous = 1
        case transparent = 2
    }

    public let mode: Mode

    public init(mode: Mode) {
        self.mode = mode
    }

    public var name: String {
        switch mode {
        case .continuous: "wip"
        case .transparent: "wip/transparent"
        }
    }

    /// Octets are not counted on the way. The manuals give no time for `+WIPREADY`; a TCP gives up within two minutes.
    public var limits: DialectLimits { DialectLimits(sendOctets: 1460, receiveOctets: 1460, openLimit: .seconds(120)) }

    /// DLE stands before a DLE or ETX of the payload, both ways; a bare ETX of the host ends its direction of writing, and one
    /// of the modem says that the peer has reset the connection (S000437C p. 25, p. 28). The peer's end is said in words, and
    /// the port stays in data mode (p. 29). What a reset looks like in transparent mode is not written; the words that follow
    /// it in continuous mode are taken for it.
    public var carriage: Carriage {
        switch mode {
        case .continuous:
            .online(
                OnlineCarriage(
                    framing: .marked(OctetMarking(escape: 0x10, end: 0x03)),
                    endText: Array("\r\nSHUTDOWN\r\n".utf8), staysOnlineAtEnd: true, opensInCommandMode: true))
        case .transparent:
            .online(
                OnlineCarriage(
                    endText: Array("\r\n+CME ERROR: 843\r\n".utf8), opensInCommandMode: true,
                    silenceLimit: .seconds(30)))
        }
    }

    public var slots: SlotChoice { .host(1...8) }

    public var introducers: [Introducer] { [] }

    public var unsolicitedPrefixes: [String] {
        ["+WIPREADY:", "+WIPERROR:", "+WIPPEERCLOSE:", "+WIPDATA:", "+WIPACCEPT:", "+WIND:"]
    }
}
