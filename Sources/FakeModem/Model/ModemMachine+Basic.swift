import NIOCore

// V.250: what a line is made of. The rest of basic commands is accepted where a real one would be, and does nothing.
extension ModemMachine {
    mutating func basicAnswer(_ command: Command, token: Int) -> Reply? {
        switch command.name {
        case "E": set(\.echo, command)
        case "V": set(\.verbose, command)
        case "Q": set(\.quiet, command)
        case "X": accept(command, 0...4) { $0.extendedResults = $1 }
        case "&C": accept(command, 0...1) { $0.carrierDetect = $1 }
        case "&D": accept(command, 0...2) { $0.dataTerminalReady = $1 }
        case "&F", "Z": resetSettings(command)
        case "&W": command.number == 0 ? .success() : .refused(.plain)
        case "L", "M": accept(command, 0...3) { _, _ in }
        case "H": hangUp(command)
        case "O": command.number == 0 ? (call == nil ? family.resume(on: &self) : resumeCall()) : .refused(.plain)
        case "D": dial(command, token: token)
        case "A": .final("NO CARRIER")
        case "+CMEE": errorMode(command)
        case "+IFC": flowControl(command)
        case "+IPR": rate(command)
        case _ where command.name.hasPrefix("S"): register(command)
        case _: nil
        }
    }

    private mutating func hangUp(_ command: Command) -> Reply {
        guard command.number == 0 else { return .refused(.plain) }
        hangUp("ATH")
        return .success()
    }

    private mutating func set(_ key: WritableKeyPath<Settings, Bool>, _ command: Command) -> Reply {
        accept(command, 0...1) { $0[keyPath: key] = $1 == 1 }
    }

    private mutating func accept(
        _ command: Command, _ range: ClosedRange<Int>, _ change: (inout Settings, Int) -> Void
    ) -> Reply {
        guard let number = command.number, range.contains(number) else { return .refused(.plain) }
        change(&settings, number)
        return .success()
    }

    /// `&F` and `Z` restore what a reset restores; sockets, contexts and the line's rate stay.
    private mutating func resetSettings(_ command: Command) -> Reply {
        guard command.number == 0 else { return .refused(.plain) }
        settings = options.profile.settings
        stack.restoreSettings()
        return .success()
    }

    private mutating func register(_ command: Command) -> Reply {
        guard let number = Int(command.name.dropFirst()), let value = settings.registers[number] else {
            return .refused(.plain)
        }
        switch command.form {
        case .read: return .success([String(1_000 + value).dropFirst().description])
        case .set(let arguments):
            let limit = [3, 4, 5].contains(number) ? 127 : 255
            guard let value = arguments.number(0, default: 0), (0...limit).contains(value) else {
                return .refused(.plain)
            }
            settings.registers[number] = value
            return .success()
        case .execute: return .success()
        case .test: return .refused(.plain)
        }
    }

    private mutating func errorMode(_ command: Command) -> Reply {
        switch command.form {
        case .read: return .success(["+CMEE: \(settings.errorMode)"])
        case .test: return .success(["+CMEE: (0-2)"])
        case .set, .execute: return accept(command, 0...2) { $0.errorMode = $1 }
        }
    }

    private mutating func flowControl(_ command: Command) -> Reply {
        switch command.form {
        case .read: return .success(["+IFC: \(settings.flow.fromHost),\(settings.flow.toHost)"])
        case .test: return .success(["+IFC: (0,2),(0,2)"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard let first = arguments.number(0, default: 2), let second = arguments.number(1, default: 2),
                [0, 2].contains(first), [0, 2].contains(second), arguments.count <= 2
            else { return .refused(.plain) }
            settings.flow = (first, second)
            return .success()
        }
    }

    /// `+IPR`: the new rate holds from the end of the `OK` on, which leaves at the old one.
    private mutating func rate(_ command: Command) -> Reply {
        let rates = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600]
        switch command.form {
        case .read: return .success(["+IPR: \(serial.baud ?? 115_200)"])
        case .test: return .success(["+IPR: (),(\(rates.map(String.init).joined(separator: ",")))"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard arguments.count == 1, let baud = arguments.number(0), rates.contains(baud) else {
                return .refused(.plain)
            }
            agenda.add(.lineChanges(baud: baud), at: now + .milliseconds(50))
            return .success()
        }
    }
}
