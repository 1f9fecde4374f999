/// What form a setting takes in the file.
indirect enum Kind: Equatable, Sendable {
    case text
    /// One text, or a list of them.
    case words
    case truth
    case duration
    case octets
    case count
    case mapping([String: Kind])
    /// A mapping whose keys are the user's.
    case names
    case list(of: Kind)

    /// Keys of one modem.
    static let modem = Kind.mapping([
        "device": .text, "apn": .text, "apn-user": .text, "apn-password-file": .text, "sim-pin-file": .text,
        "baud": .count, "flow": .text, "init": .words,
    ])
}

extension Option {
    var kind: Kind {
        switch self {
        case .device, .flow, .apn, .apnUser, .apnPasswordFile, .simPINFile, .pinGuard, .roaming, .via, .dialect,
            .server, .passwordFile, .caFile, .auth, .tokenFile, .clientCertificate, .clientKey, .ehlo, .linkProfile,
            .tlsKeyLog,
            .from, .subject, .body, .bodyFile, .htmlFile, .message, .stateDir, .transcript, .spoolDir, .controlSocket,
            .rewriteFrom, .quietHours, .http, .notifyReturn, .notifyID:
            .text
        case .pinSHA256, .notify, .to, .cc, .bcc, .attach, .header, .listen, .onFailure: .words
        case .timeline, .json, .direct: .truth
        case .wait, .linger, .expireAfter: .duration
        case .baud: .count
        case .modems: .list(of: .modem)
        case .timeouts:
            .mapping([
                "registration": .duration, "connect": .duration, "tls": .duration, "greeting": .duration,
                "command": .duration, "data": .duration, "data-block": .duration, "data-termination": .duration,
                "half-close": .duration, "total": .duration, "teardown": .duration,
            ])
        case .aliases, .commandTimeouts: .names
        case .retry: .mapping(["first": .duration, "ceiling": .duration])
        case .budget: .mapping(["octets": .octets, "day": .count, "reserve": .octets])
        case .digest: .mapping(["window": .duration, "after": .count])
        case .allow: .mapping(["senders": .words, "recipients": .words, "per-hour": .count])
        case .sms: .mapping(["to": .words, "after": .duration, "severity": .text])
        }
    }

    /// Whether a relative path in the file starts from the file's folder, and not from where the program was started.
    var isPath: Bool {
        switch self {
        case .apnPasswordFile, .simPINFile, .passwordFile, .caFile, .tokenFile, .clientCertificate, .clientKey,
            .tlsKeyLog, .bodyFile, .htmlFile, .attach, .message, .stateDir, .transcript, .spoolDir, .controlSocket:
            true
        case .device, .baud, .flow, .apn, .apnUser, .pinGuard, .commandTimeouts, .roaming, .via, .dialect, .wait,
            .modems, .server, .auth,
            .pinSHA256,
            .ehlo, .notify, .notifyReturn, .notifyID, .linkProfile, .from, .to, .cc, .bcc, .subject, .body, .header,
            .timeouts, .timeline, .json,
            .direct, .listen, .aliases, .rewriteFrom, .linger, .retry, .expireAfter, .budget, .quietHours, .digest,
            .allow, .sms, .onFailure, .http:
            false
        }
    }
}
