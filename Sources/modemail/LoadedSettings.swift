import ArgumentParser
import Glibc
import Scopes
import Settings

/// Settings as the command line, the environment and the file have them; what is wrong with them ends the process.
enum LoadedSettings {
    static func load(config: String?, flags: Flags) throws -> Settings {
        let environment = ProcessEnvironment.all()
        return try orExit { () throws(SettingsError) in
            let file = config ?? Settings.defaultFile(environment: environment)
            return try Settings.load(file: file, environment: environment, flags: flags)
        }
    }

    /// One line on stderr and the right status, in place of the error.
    static func orExit<Value>(_ body: () throws(SettingsError) -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            Output.error("modemail: \(error.line)")
            throw ExitCode(error.exitStatus.rawValue)
        }
    }
}

/// The environment of this process.
enum ProcessEnvironment {
    static func all() -> [String: String] {
        var result: [String: String] = [:]
        var entry = unsafe environ
        // The list and its strings are the process's own and are not changed while they are read here.
        while let pointer = unsafe entry.pointee {
            let text = unsafe String(cString: pointer)
            if let split = text.firstIndex(of: "=") {
                result[String(text[..<split])] = String(text[text.index(after: split)...])
            }
            unsafe entry += 1
        }
        return result
    }
}
