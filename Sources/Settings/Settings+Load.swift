extension Settings {
    /// Reads and checks everything; secrets are not read (`checkSecrets` does).
    ///
    /// - Parameters:
    ///   - file: must exist when given; nil: none is read (`defaultFile` finds the usual one).
    ///   - environment: all of it; HOME, STATE_DIRECTORY, XDG_STATE_HOME and CREDENTIALS_DIRECTORY count too.
    public static func load(
        file: String?, environment: [String: String], flags: Flags
    ) throws(SettingsError) -> Settings {
        let loader = Loader(
            layers: try Layers(file: file, environment: environment, flags: flags), environment: environment)
        return try loader.settings()
    }

    /// Names the file in the environment.
    public static let fileVariable = "MODEMAIL_CONFIG"

    /// The file that is read when none is named: `MODEMAIL_CONFIG`, else the person's
    /// (`$XDG_CONFIG_HOME/modemail/modemail.yaml`), else the machine's (`/etc/modemail/modemail.yaml`); nil when there is none.
    public static func defaultFile(environment: [String: String]) -> String? {
        if let named = environment[fileVariable], !named.isEmpty { return named }
        var candidates: [String] = []
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") {
            candidates.append("\(folder)/modemail/modemail.yaml")
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            candidates.append("\(home)/.config/modemail/modemail.yaml")
        }
        candidates.append("/etc/modemail/modemail.yaml")
        return candidates.first(where: BoundedFile.exists)
    }

    /// Reads every secret once and forgets it, so that `config check` finds what a delivery would find.
    public func checkSecrets() throws(SettingsError) {
        let ofModems = modems.flatMap { [$0.apnPassword, $0.simPIN] }
        for secret in [password, token, clientKey] + ofModems {
            if let secret { _ = try secret.read() }
        }
        // What is in it, TLS says when it reads it.
        if let caFile { _ = try BoundedFile.read(caFile, limit: 16_777_216) }
    }
}
