import Credentials

/// Makes `Settings` of the layers: each value parsed, each rule between values checked.
struct Loader {
    let layers: Layers
    let environment: [String: String]

    func settings() throws(SettingsError) -> Settings {
        var settings = Settings()
        settings.modems = try modems()
        settings.via = try value(.via, Values.via) ?? settings.via
        settings.dialect = try value(.dialect, Values.dialect) ?? settings.dialect
        settings.roaming = try choice(.roaming, Roaming.self) ?? settings.roaming
        settings.wait = try duration(layers[.wait]) ?? settings.wait
        settings.pinGuard = try choice(.pinGuard, PINGuardChoice.self) ?? settings.pinGuard
        settings.timeouts = try timeouts()
        settings.commandTimeouts = try commandTimeouts()
        try fillServer(&settings)
        settings.message = try message()
        settings.stateDirectory = try path(.stateDir) ?? defaultStateDirectory
        settings.timeline = try truth(.timeline)
        settings.json = try truth(.json)
        settings.transcript = try path(.transcript)
        if let word = layers[.rewriteFrom]?.word { _ = try Values.choice(word, .rewriteFrom, RewriteFrom.self) }
        settings.listing = Lister(layers: layers, settings: settings).listing()
        return settings
    }

    // MARK: The server

    private func fillServer(_ settings: inout Settings) throws(SettingsError) {
        settings.server = try value(.server, Values.server)
        settings.password = try secret(.passwordFile, layers[.passwordFile], form: .line)
        settings.token = try secret(.tokenFile, layers[.tokenFile], form: .token)
        settings.caFile = try path(.caFile)
        settings.auth = try value(.auth, Values.auth) ?? settings.auth
        settings.ehlo = try value(.ehlo, Values.ehlo)
        settings.clientCertificate = try path(.clientCertificate)
        settings.clientKey = try secret(.clientKey, layers[.clientKey], form: .key)
        for word in layers[.pinSHA256]?.words ?? [] { settings.pins.append(try Values.pin(word)) }
        settings.linkProfile = try choice(.linkProfile, LinkProfileChoice.self) ?? settings.linkProfile
        settings.tlsKeyLog = try path(.tlsKeyLog)
        try checkClientCertificate(settings)
        try checkAccount(settings)
    }

    /// AUTH is never skipped in silence: an account is whole, or `auth: none` says that it does not count.
    private func checkAccount(_ settings: Settings) throws(SettingsError) {
        guard let server = settings.server, settings.auth != .none else { return }
        let proofs = proofs(settings)
        if server.user == nil, let proof = proofs.first(where: { $0 != .clientCertificate }) {
            throw combination(
                "\(proof.rawValue) is given, but server names no user (smtps://USER@host); auth: none ignores it",
                .server)
        }
        switch settings.auth {
        case .mechanism(let mechanism):
            guard !proofs.contains(mechanism.setting) else { return }
            throw combination("auth \(mechanism.rawValue) needs \(mechanism.setting.rawValue)", .auth)
        case .fewestRoundTrips, .strongest, .none:
            guard server.user != nil, proofs.isEmpty else { return }
            throw combination(
                "server names a user, but there is no password-file for it (nor token-file or client-certificate)",
                .server)
        }
    }

    /// With what a login could be proven.
    private func proofs(_ settings: Settings) -> [Option] {
        var proofs: [Option] = []
        if settings.password != nil { proofs.append(.passwordFile) }
        if settings.token != nil { proofs.append(.tokenFile) }
        if settings.clientCertificate != nil { proofs.append(.clientCertificate) }
        return proofs
    }

    private func checkClientCertificate(_ settings: Settings) throws(SettingsError) {
        if settings.clientCertificate != nil, settings.clientKey == nil {
            throw combination(
                "client-certificate is given without client-key (it may name the same file)", .clientCertificate)
        }
        if settings.clientKey != nil, settings.clientCertificate == nil {
            throw combination("client-key is given without client-certificate", .clientKey)
        }
    }

    // MARK: The modems

    private func modems() throws(SettingsError) -> [ModemSettings] {
        guard let given = layers[.modems], case .list(let entries) = given.content else {
            let modem = try modem(entry: nil)
            return modem.map { [$0] } ?? []
        }
        var modems: [ModemSettings] = []
        for entry in entries {
            guard let modem = try modem(entry: entry) else {
                throw .value(.modems, problem: "an entry has no device", entry.origin)
            }
            modems.append(modem)
        }
        return modems
    }

    /// One modem; nil when nothing names its device. What is given without one is checked all the same.
    private func modem(entry: Given?) throws(SettingsError) -> ModemSettings? {
        func pick(_ option: Option) -> Given? {
            layers.aboveFile(option) ?? entry?[option.rawValue] ?? layers[option]
        }
        func word(_ option: Option) -> Given.Word? { pick(option)?.word }
        var modem = ModemSettings(device: .path(""))
        if let word = word(.baud) { modem.baud = try Units.count(word, .baud, within: 300...8_000_000) }
        if let word = word(.flow) { modem.flow = try Values.choice(word, .flow, FlowControl.self) }
        // 3GPP TS 23.003 §9.1: at most 100 octets.
        if let word = word(.apn) { modem.apn = try Values.quotable(word, .apn, limit: 100) }
        if let word = word(.apnUser) { modem.apnUser = try Values.quotable(word, .apnUser, limit: 127) }
        modem.apnPassword = try secret(.apnPasswordFile, pick(.apnPasswordFile), form: .line)
        modem.simPIN = try secret(.simPINFile, pick(.simPINFile), form: .pin)
        for word in entry?["init"]?.words ?? [] { modem.initCommands.append(try Values.command(word)) }
        guard let device = entry == nil ? word(.device) : entry?["device"]?.word else { return nil }
        modem.device = try Values.device(device)
        return modem
    }

    private func timeouts() throws(SettingsError) -> Timeouts {
        var timeouts = Timeouts()
        let given = layers[.timeouts]
        func limit(_ key: String, _ limit: inout Duration) throws(SettingsError) {
            guard let found = given?[key], let value = try duration(found) else { return }
            guard value > .zero else { throw .value(.timeouts, problem: "\(key) must be longer than 0", found.origin) }
            limit = value
        }
        try limit("registration", &timeouts.registration)
        try limit("connect", &timeouts.connect)
        try limit("tls", &timeouts.tls)
        try limit("greeting", &timeouts.greeting)
        try limit("command", &timeouts.command)
        try limit("data", &timeouts.data)
        try limit("data-block", &timeouts.dataBlock)
        try limit("data-termination", &timeouts.dataTermination)
        try limit("half-close", &timeouts.halfClose)
        try limit("total", &timeouts.total)
        try limit("teardown", &timeouts.teardown)
        return timeouts
    }

    private func commandTimeouts() throws(SettingsError) -> [String: Duration] {
        guard case .mapping(let entries)? = layers[.commandTimeouts]?.content else { return [:] }
        var limits: [String: Duration] = [:]
        for (key, found) in entries {
            guard key.hasPrefix("AT"), key.utf8.count > 2, let value = try duration(found), value > .zero else {
                throw .value(
                    .commandTimeouts, problem: "wants the beginning of an AT command and a duration, as AT+QIACT: 150s",
                    found.origin)
            }
            limits[key] = value
        }
        return limits
    }

    // MARK: The message

    private func message() throws(SettingsError) -> MessageSettings {
        var message = MessageSettings()
        message.from = try text(.from)
        message.to = try texts(.to)
        message.cc = try texts(.cc)
        message.bcc = try texts(.bcc)
        message.subject = try text(.subject)
        message.body = try text(.body)
        message.bodyFile = try path(.bodyFile)
        message.htmlFile = try path(.htmlFile)
        for word in layers[.attach]?.words ?? [] { message.attachments.append(try Values.path(word, .attach)) }
        message.headers = try texts(.header)
        message.message = try path(.message)
        if let given = layers[.notify] { message.notify = try Values.notify(given.words, given.origin) }
        message.notifyReturn = try choice(.notifyReturn, NotifyReturn.self)
        message.notifyID = try value(.notifyID, Values.notifyID)
        return message
    }

    private var defaultStateDirectory: String {
        // systemd separates several with colons; the first is ours.
        if let given = environment["STATE_DIRECTORY"]?.split(separator: ":").first { return String(given) }
        if let folder = environment["XDG_STATE_HOME"], folder.hasPrefix("/") { return folder + "/modemail" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.local/state/modemail" }
        return "/var/lib/modemail"
    }

    // MARK: Single values

    private func value<Value>(
        _ option: Option, _ parse: (Given.Word) throws(SettingsError) -> Value
    ) throws(SettingsError) -> Value? {
        guard let word = layers[option]?.word else { return nil }
        return try parse(word)
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ option: Option, _ type: Choice.Type
    ) throws(SettingsError) -> Choice? where Choice.RawValue == String {
        guard let word = layers[option]?.word else { return nil }
        return try Values.choice(word, option, type)
    }

    private func text(_ option: Option) throws(SettingsError) -> String? {
        guard let word = layers[option]?.word else { return nil }
        return try Values.text(word, option)
    }

    private func texts(_ option: Option) throws(SettingsError) -> [String] {
        var texts: [String] = []
        for word in layers[option]?.words ?? [] { texts.append(try Values.text(word, option)) }
        return texts
    }

    private func path(_ option: Option) throws(SettingsError) -> String? {
        guard let word = layers[option]?.word else { return nil }
        return try Values.path(word, option)
    }

    private func truth(_ option: Option) throws(SettingsError) -> Bool {
        guard let word = layers[option]?.word else { return false }
        return try Units.truth(word, option)
    }

    private func duration(_ given: Given?) throws(SettingsError) -> Duration? {
        guard let given, let word = given.word else { return nil }
        return try Units.duration(word, given.option)
    }

    private func secret(
        _ option: Option, _ given: Given?, form: SecretSource.Form
    ) throws(SettingsError) -> SecretSource? {
        guard let word = given?.word else { return nil }
        return try SecretSource(
            word, path: try Values.path(word, option), option, form: form,
            credentials: environment["CREDENTIALS_DIRECTORY"])
    }

    private func combination(_ problem: String, _ option: Option) -> SettingsError {
        let origin = layers[option]?.origin
        let isUsage = origin.map { $0.rank == Origin.flag(name: "").rank } ?? false
        return .combination(problem: (origin.map { "\($0): " } ?? "") + problem, isUsage: isUsage)
    }
}

/// `rewrite-from` of the relay.
private enum RewriteFrom: String, CaseIterable {
    case always
    case local
    case never
}
