public import AT
import Credentials
import NIOCore

extension SIMCom {
    /// The states of `+CIPSTATUS` in which the bearer is up (SIM800 V1.09 §8.2.12).
    private static let activeStates: Set<String> = [
        "IP GPRSACT", "IP STATUS", "IP PROCESSING", "TCP CONNECTING", "UDP CONNECTING", "SERVER LISTENING",
        "CONNECT OK",
        "TCP CLOSING", "UDP CLOSING", "TCP CLOSED", "UDP CLOSED", "IP CLOSE",
    ]

    /// The state. Where the bearer is up, the settings that cannot be changed then, and its address: asked for, too, because
    /// no connection can be made before `+CIFSR`.
    public func query(_ context: PDPContext, after answers: [Exchange.Answer]) -> Exchange? {
        guard let first = answers.first else { return Self.state }
        guard Self.isActive(first) else { return nil }
        let questions = demands.map { demand in
            Exchange(CommandText(demand.question), responsePrefixes: [demand.prefix])
        }
        return (questions + [Self.address]).dropFirst(answers.count - 1).first
    }

    public func status(in answers: [Exchange.Answer], of context: PDPContext) -> ContextStatus {
        let address = answers.lazy.compactMap(Self.address(in:)).first
        guard let first = answers.first, Self.state(in: first) != nil else {
            return address.map { .active(address: $0) } ?? .inactive
        }
        guard Self.isActive(first) else { return .inactive }
        let lines = answers.flatMap(\.lines)
        let isOurs = demands.allSatisfy { demand in
            lines.contains { LineFields($0.text, prefix: demand.prefix)?.number(0) == demand.value }
        }
        return isOurs && address != nil ? .active(address: address) : .activeOtherwise
    }

    /// `+CIPSTATUS` says its state in a line behind `OK`.
    static let state = Exchange(
        CommandText("AT+CIPSTATUS"), completion: .finalAndLine(.prefix("STATE:"), limit: .seconds(10)),
        timeout: .seconds(10))

    static func state(in answer: Exchange.Answer) -> String? {
        guard answer.result == .ok, let line = answer.completingLine, line.text.hasPrefix("STATE:") else { return nil }
        return LineFields(line.text, prefix: "STATE:")?[0]
    }

    static func isActive(_ answer: Exchange.Answer) -> Bool {
        state(in: answer).map { activeStates.contains($0.uppercased()) } ?? false
    }

    /// A bare address, without `OK`; some firmwares add one.
    private static let address = Exchange(CommandText("AT+CIFSR"), completion: .bareLine, timeout: .seconds(10))

    /// Four numbers of one octet each; anything else is no address of this family's.
    private static func address(in answer: Exchange.Answer) -> String? {
        guard answer.result == .ok, let text = answer.completingLine?.text else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress =
            parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && UInt8(part) != nil
            }
        return isAddress ? text : nil
    }

    // MARK: Settings

    /// A setting that holds only while the bearer is down, and what it has to be.
    private struct Demand {
        let question: StaticString
        let command: StaticString
        let prefix: String
        let value: Int
    }

    private var demands: [Demand] {
        switch mode {
        case .buffer, .sendOK:
            [Self.quick(mode == .buffer), Self.several(true), Self.through(false), Self.pulled(true)]
        case .push: [Self.quick(true), Self.several(true), Self.through(false), Self.pulled(false)]
        case .transparent: [Self.several(false), Self.pulled(false), Self.through(true)]
        }
    }

    private static func several(_ isOn: Bool) -> Demand {
        Demand(question: "AT+CIPMUX?", command: "AT+CIPMUX=", prefix: "+CIPMUX:", value: isOn ? 1 : 0)
    }
    private static func through(_ isOn: Bool) -> Demand {
        Demand(question: "AT+CIPMODE?", command: "AT+CIPMODE=", prefix: "+CIPMODE:", value: isOn ? 1 : 0)
    }
    private static func quick(_ isOn: Bool) -> Demand {
        Demand(question: "AT+CIPQSEND?", command: "AT+CIPQSEND=", prefix: "+CIPQSEND:", value: isOn ? 1 : 0)
    }
    private static func pulled(_ isOn: Bool) -> Demand {
        Demand(question: "AT+CIPRXGET?", command: "AT+CIPRXGET=", prefix: "+CIPRXGET:", value: isOn ? 1 : 0)
    }

    /// A bearer that was found as we need it keeps its settings. Else `+CIPSHUT`, since they are taken in IP INITIAL alone, and
    /// then those that an earlier user may have left otherwise: the prompt and the confirmation of a send on, no sending by a
    /// timer, and the demands of the mode.
    public func settings(found: ContextStatus?) -> [BearerStep] {
        if case .active? = found { return [] }
        var steps = [BearerStep(Self.shut, tolerance: .refusal)]
        steps += [
            BearerStep(Exchange(CommandText("AT+CIPSPRT=1")), tolerance: .refusal),
            BearerStep(Exchange(CommandText("AT+CIPATS=0")), tolerance: .refusal),
        ]
        if mode == .push {
            steps.append(BearerStep(Exchange(CommandText("AT+CIPSRIP=0")), tolerance: .refusal))
        }
        // What is to be off first: the line as a socket excludes several connections. What is off after a start may be refused:
        // firmware without the command has no other value.
        for demand in demands where demand.value == 0 {
            steps.append(
                BearerStep(Exchange(CommandText(demand.command).number(demand.value)), tolerance: .refusal))
        }
        for demand in demands where demand.value == 1 {
            steps.append(BearerStep(Exchange(CommandText(demand.command).number(demand.value))))
        }
        return steps
    }

    // MARK: Life

    /// `+CSTT` names access point and account, `+CIICR` activates within 85 s, and `+CIFSR` has to follow before any connection.
    /// Without an access point an empty one is named: the network's own. The modem's default is another operator's.
    public func activation(of context: PDPContext) throws(ATError) -> [BearerStep] {
        [
            BearerStep(Exchange(try task(of: context), timeout: .seconds(10))),
            BearerStep(Exchange(CommandText("AT+CIICR"), timeout: .seconds(90))),
            BearerStep(Self.address),
        ]
    }

    private func task(of context: PDPContext) throws(ATError) -> CommandText {
        let command = try CommandText("AT+CSTT=").quoted(context.apn ?? "", name: "apn")
        guard let account = context.account else { return command.literal(",\"\",\"\"") }
        return try command.literal(",").quoted(account.user, name: "apn-user").literal(",")
            .quoted(secret: account.password, name: "apn-password-file")
    }

    /// `SHUT OK` in place of `OK`, within 65 s.
    private static let shut = Exchange(
        CommandText("AT+CIPSHUT"), completion: .lineInstead([.exactly("SHUT OK")]), timeout: .seconds(65))

    public func deactivation(of context: PDPContext) -> [BearerStep] {
        [BearerStep(Self.shut, tolerance: .refusal)]
    }

    /// The family keeps no reason for what failed.
    public func explanation(in answer: Exchange.Answer) -> SocketFault? { nil }
}
