// `+QICFG`: what of the stack's behaviour can be set. Options that the fake does not need to act on are kept and shown.
extension ModemMachine {
    private static let inert = [
        "send/auto", "close/mode", "recvind", "recv/buffersize", "tcp/retranscfg", "tcp/keepalive", "passiveclosed",
    ]

    mutating func configureStack(_ command: Command) -> Reply {
        if command.form == .test {
            return .success(["+QICFG: \"transpktsize\",(1-1460)", "+QICFG: \"transwaittm\",(0-20)"])
        }
        guard let arguments = command.arguments, let name = arguments.text(0)?.lowercased() else {
            return fail(.parameter)
        }
        let values = Array(arguments.dropFirst())
        switch name {
        case "transpktsize": return option(name, values, 1...1_460, \.transparentPacket)
        case "transwaittm": return option(name, values, 0...20, \.transparentWait)
        case "viewmode": return option(name, values, 0...1, \.viewMode)
        case "sendinfo": return option(name, values, 0...1, \.sendInfo)
        case "qisend/timeout": return option(name, values, 0...3_600, \.inputTimeout)
        case "dataformat": return dataFormat(values)
        case _ where Self.inert.contains(name):
            guard values.allSatisfy({ $0.number != nil }) else { return fail(.parameter) }
            if values.isEmpty {
                let shown = (quectel.options[name] ?? [.number(0)]).compactMap(\.number).map(String.init)
                return .success(["+QICFG: \"\(name)\",\(shown.joined(separator: ","))"])
            }
            quectel.options[name] = values
            return .success()
        case _: return fail(.parameter)
        }
    }

    private mutating func option(
        _ name: String, _ values: [Argument], _ range: ClosedRange<Int>, _ key: WritableKeyPath<QuectelStack, Int>
    ) -> Reply {
        if values.isEmpty { return .success(["+QICFG: \"\(name)\",\(quectel[keyPath: key])"]) }
        guard values.count == 1, let value = values.number(0), range.contains(value) else { return fail(.parameter) }
        quectel[keyPath: key] = value
        return .success()
    }

    /// Raw octets both ways alone; hexadecimal is refused.
    private mutating func dataFormat(_ values: [Argument]) -> Reply {
        if values.isEmpty { return .success(["+QICFG: \"dataformat\",0,0"]) }
        return values.count == 2 && values.allSatisfy { $0 == .number(0) } ? .success() : fail(.parameter)
    }

    mutating func payloadEcho(_ command: Command) -> Reply {
        switch command.form {
        case .read: return .success(["+QISDE: \(quectel.echoesPayload ? 1 : 0)"])
        case .test: return .success(["+QISDE: (0,1)"])
        case .execute: return .refused(.plain)
        case .set:
            guard let number = command.number, (0...1).contains(number) else { return .refused(.plain) }
            quectel.echoesPayload = number == 1
            return .success()
        }
    }
}
