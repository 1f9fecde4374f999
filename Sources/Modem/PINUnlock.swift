import AT
import Credentials
import Scopes

/// Sends the PIN once, under the rules of `PINGuard`: tries left asked, intent on the disk, then the PIN, then what became of it.
struct PINUnlock {
    let log: PhaseLog
    let profile: ModemProfile
    let imei: String?
    let allowsWithoutGuard: Bool
    /// Nil: there is no state directory.
    let store: (any PINGuardStore)?
    let digests: Digests

    enum Outcome {
        case accepted
        /// The PIN was sent, and the SIM was busy: no try was spent.
        case notTaken
        /// The SIM was too busy to say who it is: nothing was sent.
        case busy
    }

    /// A record, and where it is kept.
    private struct Filed {
        var store: any PINGuardStore
        var key: String
        var record: PINRecord
    }

    func run(_ pin: Secret) async throws(ModemError) -> Outcome {
        var filed: Filed?
        switch try await key() {
        case .busy: return .busy
        case .known(let key): filed = try await filedRecord(key)
        case .unknown: filed = try await filedRecord(nil)
        }
        let tries = try await triesLeft()
        if let settled = filed.map({ PINGuard.settled($0.record, triesLeft: tries) }), settled != filed?.record {
            filed?.record = settled
            try await write(filed)
        }
        let digest = filed.map { digests.hmacSHA256($0.record.key, pin.reveal()) } ?? []
        switch PINGuard.verdict(
            on: digest, record: filed?.record, triesLeft: tries, allowsUnknownCounter: allowsWithoutGuard)
        {
        case .refusedBefore: throw .pinRefusedBefore(record: filed.map { $0.store.place(of: $0.key) } ?? "")
        case .tooFewTries(let tries): throw .pinTriesTooFew(tries)
        case .counterUnknown: throw .pinCounterUnknown
        case .send: break
        }
        filed?.record.intent = PINRecord.Intent(digest: digest, triesLeft: tries)
        try await write(filed)
        return try await send(pin, digest: digest, filed: filed, triesBefore: tries)
    }

    private func send(
        _ pin: Secret, digest: [UInt8], filed: Filed?, triesBefore: Int?
    ) async throws(ModemError) -> Outcome {
        let entry: PINEntry
        do {
            entry = try PINEntry(pin)
        } catch {
            throw .line(phase: .sim, error)
        }
        // When this throws, nothing is known of the PIN: the intent stays, and the next start settles it.
        let answer = try await log.perform(Exchange(entry))
        let triesAfter = answer.result == .ok ? nil : try await triesLeft()
        let outcome = PINGuard.outcome(of: answer.result, triesBefore: triesBefore, triesAfter: triesAfter)
        var filed = filed
        if let record = filed?.record { filed?.record = PINGuard.recorded(outcome, of: digest, in: record) }
        switch outcome {
        case .accepted:
            try await write(filed)
            return .accepted
        case .notTaken:
            try await write(filed)
            return .notTaken
        case .refused:
            // The intent is on the disk: a record that cannot be written now is settled by it later.
            try? await write(filed)
            throw .pinRefused(triesLeft: triesAfter)
        }
    }

    /// The record under the SIM's serial number, or under the IMEI. Nil when there is none to keep and the owner allows that.
    private func filedRecord(_ key: String?) async throws(ModemError) -> Filed? {
        do throws(PINGuardStoreError) {
            guard let store else { throw PINGuardStoreError("no state directory") }
            guard let key else {
                throw PINGuardStoreError("neither the SIM's serial number nor the modem's IMEI can be read")
            }
            let record = try await store.record(for: key) ?? PINRecord(key: digests.randomOctets(32))
            return Filed(store: store, key: key, record: record)
        } catch {
            guard allowsWithoutGuard else { throw .pinRecordUnavailable(words: error.words) }
            log.report(.noted("the PIN is sent without a record: \(error.words.printable())"))
            return nil
        }
    }

    private func write(_ filed: Filed?) async throws(ModemError) {
        guard let filed else { return }
        do {
            try await filed.store.store(filed.record, for: filed.key)
        } catch {
            guard allowsWithoutGuard else { throw .pinRecordUnavailable(words: error.words) }
            log.report(.noted("the use of the PIN is not recorded: \(error.words.printable())"))
        }
    }

    private enum Key {
        case known(String)
        case unknown
        /// The SIM says that it is busy: its number can be read later, and another key must not be taken meanwhile.
        case busy
    }

    private func key() async throws(ModemError) -> Key {
        for form in profile.iccidForms {
            switch try await log.ask(ICCIDQuery(form)) {
            case .answered(let iccid): return .known("iccid-\(iccid)")
            case .refused(let code) where code.equipmentError == 14: return .busy
            case .refused, .malformed: continue
            }
        }
        return imei.map { .known("imei-\($0)") } ?? .unknown
    }

    /// Nil where no way of the profile's is answered.
    private func triesLeft() async throws(ModemError) -> Int? {
        for form in profile.pinCounters {
            if let tries = try await log.ask(PINTriesQuery(form)).response { return tries }
        }
        return nil
    }
}
