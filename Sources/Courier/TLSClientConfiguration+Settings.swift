import Settings
import TLS

extension TLSClientConfiguration {
    /// Reads the client's key; the other files are read by the context that is made of this.
    init(_ settings: Settings, clock: WallClock) throws(SettingsError) {
        self.init(
            trust: settings.caFile.map { .file($0) } ?? .system, pins: settings.pins,
            linkProfile: LinkProfile(settings.linkProfile), clock: clock, keyLogFile: settings.tlsKeyLog)
        if let certificate = settings.clientCertificate, let key = settings.clientKey {
            identity = TLSIdentity(
                certificateFile: certificate, key: .text(try key.read(), name: key.description))
        }
    }
}

extension LinkProfile {
    init(_ choice: LinkProfileChoice) {
        switch choice {
        case .metered: self = .metered
        case .standard: self = .standard
        }
    }
}
