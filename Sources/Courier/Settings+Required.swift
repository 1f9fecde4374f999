import Glibc
import Settings

extension Settings {
    var requiredServer: ServerURL {
        get throws(CourierError) {
            guard let server else { throw .noServer }
            return server
        }
    }

    var requiredModem: ModemSettings {
        get throws(CourierError) {
            guard let modem = modems.first else { throw .noDevice }
            return modem
        }
    }
}

/// This machine by its own name.
enum LocalHost {
    /// As gethostname(2) has it; nil when that is empty or fails.
    static func name() -> String? {
        var octets = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&octets, octets.count - 1) == 0 else { return nil }
        let name = String(decoding: octets.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? nil : name
    }
}
