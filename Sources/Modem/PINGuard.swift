import AT

/// Whether a PIN may be sent, and what the answer to it means: pure, so that no PIN is spent on a mistake of a driver.
///
/// A PIN that a SIM refused is never sent to it again, and none is sent with fewer than two tries left. Before one is sent,
/// an intent is recorded; an intent that is still there at the next start is settled by the tries left.
enum PINGuard {
    static let fewestTries = 2
    /// How often a PIN is sent in one bring-up: once more after a busy SIM did not take it.
    static let mostEntries = 2
    /// Refused PINs that are remembered of one SIM.
    static let greatestRefused = 16

    enum Verdict: Sendable, Equatable {
        case send
        case refusedBefore
        case tooFewTries(Int)
        case counterUnknown
    }

    enum Outcome: Sendable, Equatable {
        case accepted
        case refused
        /// The SIM was busy or wanted no PIN at that moment, and spent no try.
        case notTaken
    }

    /// - Parameter record: nil where nothing can be recorded and the owner allows it.
    static func verdict(
        on digest: [UInt8], record: PINRecord?, triesLeft: Int?, allowsUnknownCounter: Bool
    ) -> Verdict {
        if let triesLeft, triesLeft < fewestTries { return .tooFewTries(triesLeft) }
        if let record, record.refused.contains(digest) { return .refusedBefore }
        if triesLeft == nil, !allowsUnknownCounter { return .counterUnknown }
        return .send
    }

    /// The record without its intent. The PIN of the intent was not spent only when the same number of tries is still left;
    /// in every other case, and when the tries are not known, it counts as refused.
    static func settled(_ record: PINRecord, triesLeft: Int?) -> PINRecord {
        guard let intent = record.intent else { return record }
        var settled = record
        settled.intent = nil
        if let before = intent.triesLeft, before == triesLeft { return settled }
        return adding(refused: intent.digest, to: settled)
    }

    static func outcome(of result: FinalResultCode, triesBefore: Int?, triesAfter: Int?) -> Outcome {
        if result == .ok { return .accepted }
        let isUnspent = triesBefore != nil && triesBefore == triesAfter
        switch result.equipmentError {
        case 3, 14: return isUnspent ? .notTaken : .refused
        case nil, .some: return .refused
        }
    }

    static func recorded(_ outcome: Outcome, of digest: [UInt8], in record: PINRecord) -> PINRecord {
        var settled = record
        settled.intent = nil
        switch outcome {
        case .accepted, .notTaken: return settled
        case .refused: return adding(refused: digest, to: settled)
        }
    }

    private static func adding(refused digest: [UInt8], to record: PINRecord) -> PINRecord {
        guard !record.refused.contains(digest) else { return record }
        var longer = record
        longer.refused.append(digest)
        if longer.refused.count > greatestRefused { longer.refused.removeFirst() }
        return longer
    }
}
