import AT
import NIOCore
import Scopes

extension BringUp {
    /// Result codes in words, no echo, numbered errors; who the modem is; then the owner's commands.
    func identify(_ log: PhaseLog) async throws(ModemError) -> (ModemIdentity, ModemProfile) {
        // A modem that refuses one of these is read all the same: the line copes with echo and with either form of result.
        _ = try await log.ask(ResultFormat())
        _ = try await log.ask(ErrorReporting())
        if configuration.usesRTSCTS { _ = try await log.ask(HardwareFlowControl()) }
        let identity = try await identity(log)
        let profile = ModemProfile.matching(identity).speaking(configuration.dialectName)
        let words = [identity.manufacturer, identity.model, identity.revision].filter { !$0.isEmpty }
        log.report(
            .noted(words.isEmpty ? "a modem without a name" : words.joined(separator: " ").printable(limit: 120)))
        for command in configuration.initCommands {
            let answer = try await log.perform(Exchange(command, answersBareLines: true, timeout: .seconds(30)))
            guard answer.result == .ok else {
                throw .initCommandRefused(command: command.redacted, code: answer.result)
            }
        }
        return (identity, profile)
    }

    /// `ATI` of some makers tells in one answer what takes three questions elsewhere.
    private func identity(_ log: PhaseLog) async throws(ModemError) -> ModemIdentity {
        let information = try await log.ask(InformationQuery()).response ?? []
        var identity: ModemIdentity
        if let told = ModemIdentity(information: information) {
            identity = told
        } else {
            identity = ModemIdentity(
                manufacturer: try await subject(.manufacturer, log) ?? "",
                model: try await subject(.model, log) ?? information.first ?? "",
                revision: try await subject(.revision, log) ?? "")
        }
        identity.imei = try await subject(.serialNumber, log)
        return identity
    }

    private func subject(_ subject: IdentityQuery.Subject, _ log: PhaseLog) async throws(ModemError) -> String? {
        if let answer = try await log.ask(IdentityQuery(subject)).response { return answer }
        return try await log.ask(IdentityQuery(subject, isV250: true)).response
    }
}

extension ModemIdentity {
    /// Quectel's answer to `ATI`: maker, model, `Revision: …`; nil for any other form.
    init?(information: [String]) {
        guard information.count >= 3, information[0].uppercased().contains("QUECTEL") else { return nil }
        let marker = "REVISION:"
        guard let line = information.dropFirst(2).first(where: { $0.uppercased().hasPrefix(marker) }) else {
            return nil
        }
        let revision = line.dropFirst(marker.count).drop { $0 == " " }
        self.init(manufacturer: information[0], model: information[1], revision: String(revision))
    }
}
