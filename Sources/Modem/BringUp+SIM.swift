import AT
import Scopes

extension BringUp {
    /// What an answer to `+CPIN?` asks for.
    private enum SIMDemand {
        case nothing
        case pin
        case wait(String)
        case confirmAbsence
    }

    /// Until the SIM is ready: it is waited for while it is busy, and unlocked at most once.
    func readySIM(
        _ log: PhaseLog, profile: ModemProfile, imei: String?, watch: UnsolicitedWatch
    ) async throws(ModemError) {
        var isUnlocked = false
        var entries = 0
        var isRadioChecked = false
        var isAbsenceConfirmed = false
        while true {
            let asked = try await log.ask(PINStateQuery(lacksFinal: profile.pinStateLacksFinal))
            var reason: String
            switch try demand(of: asked) {
            case .nothing: return
            case .pin where isUnlocked: reason = "it still asks for the PIN that it accepted"
            case .pin where entries == PINGuard.mostEntries: reason = "it takes no PIN"
            case .pin:
                switch try await unlock(log, profile: profile, imei: imei) {
                case .accepted:
                    isUnlocked = true
                    continue
                case .notTaken: entries += 1
                case .busy: break
                }
                reason = "busy"
            case .confirmAbsence where isAbsenceConfirmed: throw .simAbsent
            case .confirmAbsence:
                isAbsenceConfirmed = true
                reason = "no SIM seen yet"
            case .wait(let words):
                reason = words
                if !isRadioChecked {
                    isRadioChecked = true
                    try await ensureFullFunctionality(log)
                }
            }
            guard log.elapsed < configuration.limits.sim else {
                throw .simNotReady(words: reason, limit: configuration.limits.sim)
            }
            log.report(.noted("waiting for the SIM: \(reason.printable(limit: 120))"))
            try await pause(log, atMost: min(.seconds(1), configuration.limits.pollInterval), watch: watch)
        }
    }

    private func demand(of asked: PhaseLog.Asked<PINState>) throws(ModemError) -> SIMDemand {
        switch asked {
        case .answered(.ready): return .nothing
        case .answered(.pin): return .pin
        case .answered(.puk): throw .pukRequired
        case .answered(.absent): return .confirmAbsence
        case .answered(.notReady): return .wait("not ready")
        case .answered(.other(let code)): throw .simLocked(code: code)
        case .malformed: return .wait(asked.words)
        case .refused(let code):
            switch code.equipmentError {
            case 10: return .confirmAbsence
            case 11: return .pin
            case 12: throw .pukRequired
            case 5, 6, 7, 15, 40, 41, 42, 43, 44, 45, 46, 47, 48: throw .simLocked(code: code.words)
            case nil, .some: return .wait(asked.words)
            }
        }
    }

    private func unlock(
        _ log: PhaseLog, profile: ModemProfile, imei: String?
    ) async throws(ModemError) -> PINUnlock.Outcome {
        guard let pin = configuration.simPIN else { throw .pinRequired }
        let unlock = PINUnlock(
            log: log, profile: profile, imei: imei, allowsWithoutGuard: configuration.allowsPINWithoutGuard,
            store: guardStore, digests: digests)
        let outcome = try await unlock.run(pin)
        if case .accepted = outcome { log.report(.noted("the SIM accepted the PIN")) }
        return outcome
    }

    /// Switches the radio on when it is off: with minimum functionality no SIM can be read, in flight mode there is no network.
    func ensureFullFunctionality(_ log: PhaseLog) async throws(ModemError) {
        guard let level = try await log.ask(FunctionalityQuery()).response, level != 1 else { return }
        log.report(.noted("switching the radio on"))
        let asked = try await log.ask(FullFunctionality())
        guard asked.response != nil else { throw .radioOff(words: asked.words) }
    }
}
