import NIOCore

/// The guarded escape from data mode (V.250 left it to makers; Hayes): silence, `+++`, silence, `OK`.
///
/// The modem may deliver data until the second silence is over, so `OK` is looked for only from then on, and only where
/// nothing but lines stands behind it. Some modems say `NO CARRIER` when the peer had closed meanwhile. Neither is believed
/// without a probe.
struct Escape: Sendable {
    enum Stage: Sendable, Equatable {
        case silence(until: NIODeadline)
        /// `+++` is written; its answer cannot come before `earliest`.
        case answer(earliest: NIODeadline, until: NIODeadline)
    }

    enum Verdict: Sendable, Equatable {
        case waiting
        case writeEscape
        /// The modem said that it is in command mode; behind its words stood these octets.
        case answered(data: ByteBuffer, rest: ByteBuffer)
        /// It said nothing. What was held back is data.
        case silent(data: ByteBuffer)
    }

    private(set) var stage: Stage
    private let guardTime: TimeAmount
    private var held = ByteBuffer()

    init(guardTime: TimeAmount, now: NIODeadline) {
        self.guardTime = guardTime
        stage = .silence(until: now + guardTime)
    }

    var deadline: NIODeadline {
        switch stage {
        case .silence(let until): until
        case .answer(let earliest, let until): isDue ? until : earliest
        }
    }

    /// Whether the earliest moment of an answer is over.
    private var isDue = false

    /// Data of the modem: what is surely payload comes back, the rest is held.
    mutating func take(_ octets: ByteBuffer) -> ByteBuffer? {
        switch stage {
        case .silence: return octets
        case .answer:
            held.writeImmutableBuffer(octets)
            guard held.readableBytes > Self.heldLimit else { return nil }
            return held.readSlice(length: held.readableBytes - Self.heldLimit)
        }
    }

    mutating func check(now: NIODeadline) -> Verdict {
        switch stage {
        case .silence(let until):
            guard now >= until else { return .waiting }
            // Ready modems answer after their own guard time, which may be set a little shorter than ours.
            let earliest = now + .nanoseconds(guardTime.nanoseconds / 10 * 8)
            stage = .answer(earliest: earliest, until: now + guardTime + Self.patience)
            return .writeEscape
        case .answer(let earliest, let until):
            guard now >= earliest else { return .waiting }
            isDue = true
            if let (data, rest) = Self.split(held) { return .answered(data: data, rest: rest) }
            guard now >= until else { return .waiting }
            return .silent(data: held)
        }
    }

    /// The last words of command mode in the octets, when only lines stand behind them.
    private static func split(_ octets: ByteBuffer) -> (ByteBuffer, ByteBuffer)? {
        let bytes = Array(octets.readableBytesView)
        for (index, _) in bytes.enumerated().reversed() {
            for words in answers where bytes[index...].starts(with: words) {
                let behind = index + words.count
                guard behind == bytes.count || bytes[behind] == 0x0D,
                    bytes[behind...].allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0D || $0 == 0x0A })
                else { return nil }
                return (ByteBuffer(bytes: bytes[..<index]), ByteBuffer(bytes: bytes[behind...]))
            }
        }
        return nil
    }

    private static let answers = ["\r\nOK\r\n", "\r\nNO CARRIER\r\n"].map { Array($0.utf8) }
    private static let heldLimit = 1_024
    /// For an answer, beyond the guard time.
    private static let patience = TimeAmount.milliseconds(1_500)
}
