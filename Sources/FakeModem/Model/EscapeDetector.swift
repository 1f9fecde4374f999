import NIOCore

/// Tells the escape sequence from payload (V.250 §B.3.1.1 and the Hayes guard time): silence, `+++`, silence.
///
/// What might be the sequence is held back until it is known not to be.
struct EscapeDetector {
    private var held = 0
    private var lastOctet: NIODeadline

    /// Silence counts from `now`, the moment at which data mode began.
    init(now: NIODeadline) {
        lastOctet = now
    }

    /// How many `+` are held back.
    var heldOctets: Int { held }

    /// When the second silence is long enough, if three `+` are held.
    func completion(guardTime: TimeAmount) -> NIODeadline? { held == 3 ? lastOctet + guardTime : nil }

    /// Takes one octet; answers with what is payload for certain now.
    mutating func take(_ octet: UInt8, guardTime: TimeAmount, now: NIODeadline) -> [UInt8] {
        let silence = now - lastOctet
        lastOctet = now
        let plus = UInt8(ascii: "+")
        switch (held, octet == plus) {
        case (0, true) where silence >= guardTime:
            held = 1
            return []
        case (1...2, true) where silence < guardTime:
            held += 1
            return []
        default:
            defer { held = 0 }
            return Array(repeating: plus, count: held) + [octet]
        }
    }
}
