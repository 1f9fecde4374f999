import Modem
import NIOCore
import Settings

extension ModemConfiguration {
    /// Reads the secret files of `modem`.
    init(_ settings: Settings, _ modem: ModemSettings) throws {
        try self.init(
            apn: modem.apn, apnUser: modem.apnUser, apnPassword: try modem.apnPassword?.read(),
            simPIN: try modem.simPIN?.read(), allowsRoaming: settings.roaming == .allow,
            allowsPINWithoutGuard: settings.pinGuard == .off, usesRTSCTS: modem.flow == .rtsCTS,
            initCommands: modem.initCommands, dialectName: settings.dialect.name,
            limits: Limits(registration: settings.timeouts.registration))
    }
}
