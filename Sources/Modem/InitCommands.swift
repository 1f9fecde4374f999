import AT
import Scopes

/// The owner's own AT commands, checked before any reaches the line.
enum InitCommands {
    /// No more than this many are sent.
    static let greatestCount = 32

    static func validated(_ lines: [String]) throws(ModemError) -> [CommandText] {
        guard lines.count <= greatestCount else {
            throw .invalid(option: "init", words: "more than \(greatestCount) commands")
        }
        var commands: [CommandText] = []
        for line in lines { commands.append(try validated(line)) }
        return commands
    }

    private static func validated(_ line: String) throws(ModemError) -> CommandText {
        let text: CommandText
        do {
            text = try CommandText(configured: line)
        } catch {
            throw .invalid(option: "init", words: "\(error.summary)")
        }
        let upper = line.uppercased()
        for (form, why) in refused where upper.dropFirst(2).contains(form) {
            throw .invalid(option: "init", words: "\(line.printable(limit: 60)): \(why)")
        }
        if let verb = upper.dropFirst(2).first, "DOA".contains(verb) {
            throw .invalid(option: "init", words: "\(line.printable(limit: 60)): it leaves command mode")
        }
        return text
    }

    /// Commands that would take the line away or go around a guard.
    private static let refused: [(form: String, why: String)] = [
        ("+CPIN=", "the PIN is given by sim-pin-file"), ("+CLCK", "it spends tries of the SIM"),
        ("+CPWD", "it spends tries of the SIM"), ("+CGDATA", "it leaves command mode"),
        ("+CMUX", "it leaves command mode"),
    ]
}
