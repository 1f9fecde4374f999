import AT
import Modem
import NIOCore

/// Dialects of other makers in the shape that their commands have (at-dialects 3.3, 3.6, 3.8, 3.9, 3.12): what tests need
/// to know that the vocabulary carries them. The bearer's half is left out.
protocol DialectShape: Dialect {}

extension DialectShape {
    var carriage: Carriage { .pull }
    var introducers: [Introducer] { [] }
    var unsolicitedPrefixes: [String] { [] }
    func settings(found: ContextStatus?) -> [BearerStep] { [] }
    func query(_ context: PDPContext, after answers: [Exchange.Answer]) -> Exchange? { nil }
    func status(in answers: [Exchange.Answer], of context: PDPContext) -> ContextStatus { .inactive }
    func activation(of context: PDPContext) throws(ATError) -> [BearerStep] { [] }
    func deactivation(of context: PDPContext) -> [BearerStep] { [] }
    func explanation(in answer: Exchange.Answer) -> SocketFault? { nil }

    func command(_ name: StaticString, _ slot: Int) -> CommandText { CommandText(name).number(slot) }
    func numbers(_ answer: Exchange.Answer, _ prefix: String) -> [Int]? {
        answer.lines.first { $0.text.hasPrefix(prefix) }.map { Self.numbers($0.text.dropFirst(prefix.count)) }
    }
    static func numbers(_ text: some StringProtocol) -> [Int] {
        text.split(separator: ",").compactMap { Int($0.drop { $0 == " " }) }
    }
    func numbers(_ line: ATLine, _ prefix: String) -> [Int]? {
        line.text.hasPrefix(prefix) ? Self.numbers(line.text.dropFirst(prefix.count)) : nil
    }
    func payload(_ answer: Exchange.Answer) -> SocketResult {
        guard answer.result == .ok else { return .failed(SocketFault(.other)) }
        let octets = answer.lines.lazy.compactMap(\.payload).first { $0.readableBytes > 0 }
        return octets.map { .received($0, left: nil) } ?? .empty
    }
    func prompt(_ octets: ByteBuffer, _ mark: Character = ">", pause: TimeAmount = .zero) -> Exchange.Payload {
        .init(goAhead: .prompt(mark.asciiValue ?? 0, pause: pause), octets: octets)
    }
    func host(_ text: CommandText, _ endpoint: SocketEndpoint) -> CommandText {
        ((try? text.quoted(endpoint.host, name: "host")) ?? text).literal(",").number(Int(endpoint.port))
    }
}

/// SIM7080: `+CAOPEN: n,result` on either side of `OK`; `+CARECV: len,` with its octets on the same line.
struct SIM7080Shape: DialectShape {
    var name: String { "sim7080" }
    var limits: DialectLimits { DialectLimits(sendOctets: 1460, receiveOctets: 1460) }
    var slots: SlotChoice { .host(0...12) }

    func exchange(for operation: SocketOperation) -> Exchange? {
        switch operation {
        case .open(let slot?, _, _, 0): return Exchange(command("AT+CACID=", slot))
        case .open(let slot?, _, _, 1): return Exchange(command("AT+CASSLCFG=", slot).literal(",\"SSL\",0"))
        case .open(let slot?, let endpoint, _, 2):
            return Exchange(host(command("AT+CAOPEN=", slot).literal(",0,\"TCP\","), endpoint))
        case .send(let slot, let octets):
            return Exchange(
                command("AT+CASEND=", slot).literal(",").number(octets.readableBytes), payload: prompt(octets))
        case .receive(let slot, let most):
            return Exchange(command("AT+CARECV=", slot).literal(",").number(most), responsePrefixes: ["+CARECV:"])
        case .unacknowledged(let slot): return Exchange(command("AT+CAACK=", slot), responsePrefixes: ["+CAACK:"])
        case .close(let slot, 0): return Exchange(command("AT+CACLOSE=", slot))
        case .open, .openOnline, .resumeOnline, .state, .sendLimit, .explain, .close: return nil
        }
    }

    func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult {
        guard answer.result == .ok else { return .failed(SocketFault(.other, words: answer.result.description)) }
        return switch operation {
        case .open(_, _, _, 2): .opening
        case .send(_, let octets): .accepted(octets.readableBytes)
        case .receive: payload(answer)
        case .unacknowledged: .unacknowledged(numbers(answer, "+CAACK:")?.last ?? 0)
        case .open, .close, .openOnline, .resumeOnline, .state, .sendLimit, .explain: .done
        }
    }

    func event(of line: ATLine) -> SocketEvent? {
        if let numbers = numbers(line, "+CAOPEN:"), numbers.count == 2 {
            guard numbers[1] != 0 else { return .opened(slot: numbers[0]) }
            return .openFailed(slot: numbers[0], SocketFault(.connectFailed, words: "\(numbers[1])"))
        }
        if let slot = numbers(line, "+CADATAIND:")?.first { return .dataWaiting(slot: slot) }
        guard let numbers = numbers(line, "+CASTATE:"), numbers.count == 2, numbers[1] == 0 else { return nil }
        return .peerClosed(slot: numbers[0], slotIsFree: false)
    }
}

/// u-blox: the modem numbers the socket, connecting blocks, `@` and a pause, 0 to *n* taken, the close is told last and frees.
struct UbloxShape: DialectShape {
    var name: String { "u-blox" }
    var limits: DialectLimits { DialectLimits(sendOctets: 1024, receiveOctets: 1024) }
    var slots: SlotChoice { .modem }

    func exchange(for operation: SocketOperation) -> Exchange? {
        switch operation {
        case .open(nil, _, _, 0): return Exchange(CommandText("AT+USOCR=6"), responsePrefixes: ["+USOCR:"])
        case .open(let slot?, let endpoint, _, 1):
            return Exchange(host(command("AT+USOCO=", slot).literal(","), endpoint), timeout: .seconds(130))
        case .send(let slot, let octets):
            return Exchange(
                command("AT+USOWR=", slot).literal(",").number(octets.readableBytes), responsePrefixes: ["+USOWR:"],
                payload: prompt(octets, "@", pause: .milliseconds(50)))
        case .receive(let slot, let most):
            return Exchange(command("AT+USORD=", slot).literal(",").number(most), responsePrefixes: ["+USORD:"])
        case .unacknowledged(let slot):
            return Exchange(command("AT+USOCTL=", slot).literal(",11"), responsePrefixes: ["+USOCTL:"])
        case .close(let slot, 0): return Exchange(command("AT+USOCL=", slot), timeout: .seconds(120))
        case .open, .openOnline, .resumeOnline, .state, .sendLimit, .explain, .close: return nil
        }
    }

    func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult {
        switch operation {
        case .close: return answer.result == .ok ? .done : .alreadyClosed
        case .open, .openOnline, .resumeOnline, .state, .sendLimit, .send, .receive, .unacknowledged, .explain: break
        }
        guard answer.result == .ok else {
            return .failed(SocketFault(.connectFailed, words: answer.result.description))
        }
        return switch operation {
        case .open(nil, _, _, _):
            numbers(answer, "+USOCR:")?.first.map { .allocated(slot: $0) } ?? .failed(.init(.other))
        case .open: .opened
        case .send: .accepted(numbers(answer, "+USOWR:")?.last ?? 0)
        case .receive: payload(answer)
        case .unacknowledged: .unacknowledged(numbers(answer, "+USOCTL:")?.last ?? 0)
        case .close, .openOnline, .resumeOnline, .state, .sendLimit, .explain: .done
        }
    }

    func event(of line: ATLine) -> SocketEvent? {
        if let slot = numbers(line, "+UUSORD:")?.first { return .dataWaiting(slot: slot) }
        if let slot = numbers(line, "+UUSOCL:")?.first { return .peerClosed(slot: slot, slotIsFree: true) }
        return line.text.hasPrefix("+UUPSDD:") ? .bearerLost(cid: nil, words: line.text) : nil
    }
}

/// Cinterion: a service profile in four steps, `^SISW: s,1` means connected and writable, a grant in place of a prompt.
struct CinterionShape: DialectShape {
    var name: String { "cinterion" }
    var limits: DialectLimits { DialectLimits(sendOctets: 1500, receiveOctets: 1500, waitsForWritable: true) }
    var slots: SlotChoice { .host(0...9) }

    func exchange(for operation: SocketOperation) -> Exchange? {
        switch operation {
        case .open(let slot?, _, _, 0): return Exchange(command("AT^SISS=", slot).literal(",\"srvType\",\"Socket\""))
        case .open(let slot?, _, _, 1): return Exchange(command("AT^SISS=", slot).literal(",\"conId\",\"0\""))
        case .open(let slot?, let endpoint, _, 2):
            let text = try? command("AT^SISS=", slot).literal(",\"address\",").quoted(
                "socktcp://\(endpoint.host):\(endpoint.port)", name: "address")
            return text.map { Exchange($0) }
        case .open(let slot?, _, _, 3): return Exchange(command("AT^SISO=", slot))
        case .send(let slot, let octets):
            return Exchange(
                command("AT^SISW=", slot).literal(",").number(octets.readableBytes), responsePrefixes: ["^SISW:"],
                payload: .init(goAhead: .granted(prefix: "^SISW:", parameter: 1), octets: octets))
        case .receive(let slot, let most):
            return Exchange(
                command("AT^SISR=", slot).literal(",").number(most), responsePrefixes: ["^SISR: \(slot),"],
                answerPayload: .announced(prefix: "^SISR: \(slot),", parameter: 1))
        case .close(let slot, 0): return Exchange(command("AT^SISC=", slot))
        case .close(let slot, 1): return Exchange(command("AT^SISS=", slot).literal(",\"srvType\",\"none\""))
        case .open, .openOnline, .resumeOnline, .state, .sendLimit, .unacknowledged, .explain, .close: return nil
        }
    }

    func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult {
        switch operation {
        case .close: return answer.result == .ok ? .done : .alreadyClosed
        case .open, .openOnline, .resumeOnline, .state, .sendLimit, .send, .receive, .unacknowledged, .explain: break
        }
        guard answer.result == .ok else { return .failed(SocketFault(.other, words: answer.result.description)) }
        return switch operation {
        case .open(_, _, _, 3): .opening
        case .send: .accepted(answer.octetsWritten)
        case .receive: numbers(answer, "^SISR:")?.last == -2 ? .ended : payload(answer)
        case .open, .close, .openOnline, .resumeOnline, .state, .sendLimit, .unacknowledged, .explain: .done
        }
    }

    func event(of line: ATLine) -> SocketEvent? {
        if let numbers = numbers(line, "^SISW:"), numbers.count == 2 {
            return numbers[1] == 1 ? .writable(slot: numbers[0]) : .allAcknowledged(slot: numbers[0])
        }
        if let numbers = numbers(line, "^SISR:"), numbers.count == 2 { return .dataWaiting(slot: numbers[0]) }
        guard let numbers = numbers(line, "^SIS:"), numbers.count >= 3 else { return nil }
        if numbers[2] == 48 { return .peerClosed(slot: numbers[0], slotIsFree: false) }
        return .openFailed(slot: numbers[0], SocketFault(.connectFailed, words: "\(numbers[2])"))
    }
}

/// Sierra HL: the modem numbers the session, `CONNECT` and a pattern, closing in two steps.
struct SierraHLShape: DialectShape {
    var name: String { "hl" }
    var limits: DialectLimits { DialectLimits(sendOctets: 4096, receiveOctets: 1500) }
    var slots: SlotChoice { .modem }
    static let pattern = Array("--EOF--Pattern--".utf8)

    func exchange(for operation: SocketOperation) -> Exchange? {
        switch operation {
        case .open(nil, let endpoint, let cid, 0):
            return Exchange(host(command("AT+KTCPCFG=", cid).literal(",0,"), endpoint), responsePrefixes: ["+KTCPCFG:"])
        case .open(let slot?, _, _, 1): return Exchange(command("AT+KTCPCNX=", slot))
        case .send(let slot, let octets):
            return Exchange(
                command("AT+KTCPSND=", slot).literal(",").number(octets.readableBytes),
                payload: .init(goAhead: .line("CONNECT"), octets: octets, trailer: Self.pattern))
        case .receive(let slot, let most):
            return Exchange(
                command("AT+KTCPRCV=", slot).literal(",").number(most),
                answerPayload: .behind(line: "CONNECT", octets: most, trailer: Self.pattern))
        case .close(let slot, 0): return Exchange(command("AT+KTCPCLOSE=", slot).literal(",1"), timeout: .seconds(60))
        case .close(let slot, 1): return Exchange(command("AT+KTCPDEL=", slot))
        case .open, .openOnline, .resumeOnline, .state, .sendLimit, .unacknowledged, .explain, .close: return nil
        }
    }

    func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult {
        switch operation {
        case .close: return answer.result == .ok ? .done : .alreadyClosed
        case .open, .openOnline, .resumeOnline, .state, .sendLimit, .send, .receive, .unacknowledged, .explain: break
        }
        guard answer.result == .ok else { return .failed(SocketFault(.other, words: answer.result.description)) }
        return switch operation {
        case .open(nil, _, _, _):
            numbers(answer, "+KTCPCFG:")?.first.map { .allocated(slot: $0) } ?? .failed(.init(.other))
        case .open: .opening
        case .send(_, let octets): .accepted(octets.readableBytes)
        case .receive: payload(answer)
        case .close, .openOnline, .resumeOnline, .state, .sendLimit, .unacknowledged, .explain: .done
        }
    }

    func event(of line: ATLine) -> SocketEvent? {
        if let numbers = numbers(line, "+KTCP_IND:"), numbers.count == 2 { return .opened(slot: numbers[0]) }
        if let slot = numbers(line, "+KTCP_DATA:")?.first { return .dataWaiting(slot: slot) }
        if let numbers = numbers(line, "+KTCP_ACK:"), numbers.count == 2, numbers[1] == 1 {
            return .allAcknowledged(slot: numbers[0])
        }
        guard let numbers = numbers(line, "+KTCP_NOTIF:"), numbers.count == 2 else { return nil }
        return numbers[1] == 4
            ? .peerClosed(slot: numbers[0], slotIsFree: false)
            : .broken(
                slot: numbers[0], SocketFault(numbers[1] == 3 ? .nameNotResolved : .other, words: "\(numbers[1])"))
    }
}

/// Sequans: `OK` may come before the connection stands, and no line says when: the state is asked.
struct SequansShape: DialectShape {
    var name: String { "sequans" }
    var limits: DialectLimits { DialectLimits(sendOctets: 1500, receiveOctets: 1500, opensSilently: true) }
    var slots: SlotChoice { .host(1...6) }

    func exchange(for operation: SocketOperation) -> Exchange? {
        switch operation {
        case .open(let slot?, let endpoint, _, 0):
            let text = command("AT+SQNSD=", slot).literal(",0,").number(Int(endpoint.port)).literal(",")
            return (try? text.quoted(endpoint.host, name: "host")).map { Exchange($0.literal(",0,0,1")) }
        case .state: return Exchange(CommandText("AT+SQNSS"), responsePrefixes: ["+SQNSS:"])
        case .send(let slot, let octets):
            return Exchange(
                command("AT+SQNSSENDEXT=", slot).literal(",").number(octets.readableBytes), payload: prompt(octets))
        case .receive(let slot, let most):
            return Exchange(command("AT+SQNSRECV=", slot).literal(",").number(most), responsePrefixes: ["+SQNSRECV:"])
        case .unacknowledged(let slot): return Exchange(command("AT+SQNSI=", slot), responsePrefixes: ["+SQNSI:"])
        case .close(let slot, 0): return Exchange(command("AT+SQNSH=", slot))
        case .open, .openOnline, .resumeOnline, .sendLimit, .explain, .close: return nil
        }
    }

    func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult {
        switch operation {
        case .close: return answer.result == .ok ? .done : .alreadyClosed
        case .receive where answer.result != .ok: return .empty
        case .open, .openOnline, .resumeOnline, .state, .sendLimit, .send, .receive, .unacknowledged, .explain: break
        }
        guard answer.result == .ok else {
            return .failed(SocketFault(.connectFailed, words: answer.result.description))
        }
        switch operation {
        case .open: return .opening
        case .state(let slot):
            let state = answer.lines.compactMap { numbers($0, "+SQNSS:") }.first { $0.first == slot }?.dropFirst().first
            return state.map { [6, 7].contains($0) ? .opening : $0 == 0 ? .ended : .opened } ?? .ended
        case .send(_, let octets): return .accepted(octets.readableBytes)
        case .receive: return payload(answer)
        case .unacknowledged: return .unacknowledged(numbers(answer, "+SQNSI:")?.last ?? 0)
        case .close, .openOnline, .resumeOnline, .sendLimit, .explain: return .done
        }
    }

    func event(of line: ATLine) -> SocketEvent? {
        if let slot = numbers(line, "+SQNSRING:")?.first { return .dataWaiting(slot: slot) }
        return numbers(line, "+SQNSH:")?.first.map { .peerClosed(slot: $0, slotIsFree: false) }
    }
}
