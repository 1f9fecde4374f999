import AT
import Scopes

extension BringUp {
    /// Until a network registered the modem, in any domain that leads to packets. The wanted context is defined before the
    /// wait: LTE modems attach with it.
    func register(_ log: PhaseLog, watch: UnsolicitedWatch) async throws(ModemError) -> Registration {
        var survey = try await survey(log)
        if let registration = try await usable(survey, log) { return registration }
        if configuration.apn != nil { _ = try await keeper.prepared(log) }
        try await ensureFullFunctionality(log)
        try await reportRegistration(log)
        var signal: Int?
        while true {
            survey = try await self.survey(log)
            if let registration = try await usable(survey, log) { return registration }
            if case .denied(let cause) = survey.verdict {
                let report = try await log.ask(ErrorReportQuery()).response
                throw .registrationDenied(cause: cause, words: report.flatMap { $0.isEmpty ? nil : $0.words })
            }
            signal = try await self.signal(log) ?? signal
            guard log.elapsed < configuration.limits.registration else {
                throw .registrationTimedOut(
                    state: survey.words, signal: signal, limit: configuration.limits.registration)
            }
            let state = survey.words == "searching" ? "searching for a network" : "no network: \(survey.words)"
            log.report(.noted(state + (signal.map { ", signal \($0) dBm" } ?? "")))
            try await pause(log, atMost: configuration.limits.pollInterval, watch: watch)
        }
    }

    /// The packet domain is attached where it is registered; where only the circuit-switched one is, it is attached now.
    func attach(
        _ log: PhaseLog, found: Registration, watch: UnsolicitedWatch
    ) async throws(ModemError) -> Registration {
        guard found.domain == .circuitSwitched else { return found }
        if try await log.ask(AttachQuery()).response != true {
            let answer = try await log.perform(Exchange(Attach()))
            guard answer.result == .ok else {
                throw try await attachRefusal(answer.result, log)
            }
        }
        while true {
            let survey = try await survey(log)
            if let registration = try await usable(survey, log), registration.domain != .circuitSwitched {
                return registration
            }
            let isAttached = try await log.ask(AttachQuery()).response == true
            // A modem that does not tell the packet domain's registration tells that it is attached.
            if isAttached, survey.domains.allSatisfy({ $0.domain == .circuitSwitched }) { return found }
            guard log.elapsed < configuration.limits.attach else {
                if isAttached { return found }
                throw .attachRefused(
                    cause: nil, words: "not attached after \(configuration.limits.attach.words)")
            }
            log.report(.noted("waiting for the packet domain"))
            try await pause(log, atMost: configuration.limits.pollInterval, watch: watch)
        }
    }

    private func attachRefusal(_ code: FinalResultCode, _ log: PhaseLog) async throws(ModemError) -> ModemError {
        let report = try await log.ask(ErrorReportQuery()).response ?? ErrorReport(words: "")
        let cause = NetworkCause(code) ?? NetworkCause(report, kind: .registration)
        return .attachRefused(cause: cause, words: report.isEmpty ? code.words : "\(code.words), \(report.words)")
    }

    /// The domains in the order of their use, up to the first that is registered. A domain that the
    /// modem does not know is left out.
    private func survey(_ log: PhaseLog) async throws(ModemError) -> RegistrationSurvey {
        var survey = RegistrationSurvey()
        for domain in [RegistrationDomain.evolvedPacketSystem, .packetSwitched, .circuitSwitched] {
            guard let answer = try await log.ask(RegistrationQuery(domain)).response else { continue }
            survey.domains.append(answer)
            if domain != .circuitSwitched, answer.status.isHome || answer.status.isRoaming { break }
        }
        return survey
    }

    private func usable(_ survey: RegistrationSurvey, _ log: PhaseLog) async throws(ModemError) -> Registration? {
        switch survey.verdict {
        case .registered(let registration): return registration
        case .roaming(let registration):
            if configuration.allowsRoaming { return registration }
            throw .roamingRefused(network: try await log.ask(OperatorQuery()).response?.name)
        case .denied, .waiting: return nil
        }
    }

    /// Changes are told from now on, with the cause of a refusal where the modem knows that form.
    private func reportRegistration(_ log: PhaseLog) async throws(ModemError) {
        for domain in RegistrationDomain.allCases {
            if try await log.ask(RegistrationReporting(domain, includesCause: true)).response == nil {
                _ = try await log.ask(RegistrationReporting(domain, includesCause: false))
            }
        }
    }

    /// In dBm: of GSM and UMTS, else of LTE.
    private func signal(_ log: PhaseLog) async throws(ModemError) -> Int? {
        if case .some(.some(let level)) = try await log.ask(SignalQuery()).response { return level }
        return try await log.ask(ExtendedSignalQuery()).response.flatMap { $0.rsrp ?? $0.rscp ?? $0.rxLevel }
    }
}
