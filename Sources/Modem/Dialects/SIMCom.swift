public import AT
import NIOCore

/// SIMCom SIM800, SIM900, SIM7000 and their kin: the `+CIP` socket commands.
///
/// Sources: SIM800 Series AT Command Manual V1.09 §8; SIM900 AT Commands Manual V1.07 §8; SIM7000 Series AT Command Manual
/// V1.03 §8; SIM800 Series TCPIP Application Note V1.01.
///
/// One state machine carries it all, from IP INITIAL over IP START, IP GPRSACT and IP STATUS to connections, and most settings
/// are taken in IP INITIAL alone; `+CIPSHUT` leads there from anywhere. Quick send is the default: the modem says how many
/// octets it queued (`DATA ACCEPT`), and is asked for what the peer has not acknowledged. With `send-ok` each send waits for
/// the peer's acknowledgement, one round trip a chunk.
public struct SIMCom: Dialect {
    public enum Mode: String, Sendable, Equatable, CaseIterable {
        /// Quick send; what was received is fetched (`+CIPRXGET=1`).
        case buffer
        /// Each send is answered when the peer has it (`+CIPQSEND=0`).
        case sendOK = "send-ok"
        /// Quick send; what was received is pushed (`+RECEIVE`). Safe on USB or with RTS/CTS only.
        case push
        /// One connection, which is the line (`+CIPMODE=1`).
        case transparent
    }

    public let mode: Mode

    public init(mode: Mode) {
        self.mode = mode
    }

    public var name: String {
        switch mode {
        case .buffer: "simcom"
        case .sendOK, .push, .transparent: "simcom/\(mode.rawValue)"
        }
    }

    /// A send has at most 1,460 octets (fewer where `+CIPSEND?` says so), a fetch too. `+CIPSTART` fails after 75 s with several
    /// connections, after 160 s with one.
    public var limits: DialectLimits {
        let openLimit = mode == .transparent ? TimeAmount.seconds(160) : .seconds(75)
        return DialectLimits(sendOctets: 1460, receiveOctets: 1460, openLimit: openLimit)
    }

    public var carriage: Carriage {
        switch mode {
        case .buffer, .sendOK: .pull
        case .push: .push
        case .transparent: .online(OnlineCarriage(endText: Array("\r\nCLOSED\r\n".utf8)))
        }
    }

    /// SIM900 and SIM7000 have two more.
    public var slots: SlotChoice { mode == .transparent ? .host(0...0) : .host(0...5) }

    /// Those of connections begin with their number: none may pass for the bare address of `+CIFSR`.
    public var unsolicitedPrefixes: [String] {
        (0...7).map { "\($0)," } + ["+CIPRXGET:", "+RECEIVE,", "+PDP:", "STATE:", "C:", "CLOSED"]
    }

    public var introducers: [Introducer] {
        [
            Introducer(prefix: "+CIPRXGET:", count: Self.fetched),
            Introducer(prefix: "+RECEIVE,", count: Self.pushed),
        ]
    }

    /// `+CIPRXGET: 2,n,got,left` announces *got* octets behind its line end; other first numbers announce none.
    private static func fetched(_ text: String) -> Int? {
        guard let fields = LineFields(text, prefix: "+CIPRXGET:"), fields.count == 4 else { return nil }
        return fields.number(0) == 2 ? fields.count(2) : nil
    }

    /// `+RECEIVE,n,len:`
    private static func pushed(_ text: String) -> Int? {
        received(text)?.octets
    }

    static func received(_ text: String) -> (slot: Int, octets: Int)? {
        guard text.last == ":", let fields = LineFields(String(text.dropLast()), prefix: "+RECEIVE,"),
            fields.count == 2, let slot = fields.count(0), let octets = fields.count(1)
        else { return nil }
        return (slot, octets)
    }
}
