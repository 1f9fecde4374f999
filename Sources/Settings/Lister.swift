import Scopes

/// What `config show` prints: every setting that is given, and every default, in the order of `Option`.
struct Lister {
    let layers: Layers
    let settings: Settings

    func listing() -> [Listing] {
        Option.allCases.flatMap { option -> [Listing] in
            if let given = layers[option] { return lines(option.rawValue, given) }
            return byDefault(option).map { [Listing(key: option.rawValue, value: $0, origin: .byDefault)] } ?? []
        }
    }

    private func lines(_ key: String, _ given: Given) -> [Listing] {
        switch given.content {
        case .words(let words):
            let texts = words.map { Self.shown($0.text, key: key) }
            return [Listing(key: key, value: texts.joined(separator: ", "), origin: given.origin)]
        case .mapping(let entries):
            return entries.flatMap { lines("\(key).\($0.key.printable(limit: 80))", $0.value) }
        case .list(let items):
            return items.enumerated().flatMap { lines("\(key)[\($0.offset)]", $0.element) }
        }
    }

    /// Commands may hold passwords; a secret's place is shown, and its content was never read.
    private static func shown(_ text: String, key: String) -> String {
        let last = key.split(separator: ".").last.map(String.init) ?? key
        if last == "init" || last == Option.onFailure.rawValue { return "<redacted>" }
        let isSecret = secretKeys.contains(last)
        return text.printable(limit: 200) + (isSecret ? " (content <redacted>)" : "")
    }

    private static let secretKeys = Set(
        [Option.passwordFile, .tokenFile, .clientKey, .apnPasswordFile, .simPINFile].map(\.rawValue))

    private func byDefault(_ option: Option) -> String? {
        switch option {
        case .baud: "115200"
        case .flow: FlowControl.none.rawValue
        case .roaming: Roaming.deny.rawValue
        case .pinGuard: PINGuardChoice.required.rawValue
        case .via, .dialect: "auto"
        case .wait: "0"
        case .auth: "fewest-round-trips"
        case .linkProfile: LinkProfileChoice.metered.rawValue
        case .stateDir: settings.stateDirectory.printable(limit: 200)
        case .device, .apn, .apnUser, .apnPasswordFile, .simPINFile, .modems, .server, .passwordFile, .caFile,
            .tokenFile, .clientCertificate, .clientKey, .pinSHA256, .ehlo, .notify, .notifyReturn, .notifyID,
            .tlsKeyLog, .from,
            .to,
            .cc, .bcc, .subject, .body, .bodyFile, .htmlFile, .attach, .header, .message, .timeouts, .commandTimeouts,
            .timeline,
            .json,
            .transcript, .direct, .listen, .spoolDir, .controlSocket, .aliases, .rewriteFrom, .linger, .retry,
            .expireAfter, .budget, .quietHours, .digest, .allow, .sms, .onFailure, .http:
            nil
        }
    }
}
