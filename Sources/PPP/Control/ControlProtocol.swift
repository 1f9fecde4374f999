import NIOCore

/// One control protocol of one end: the automaton with its packets, identifiers and timer. What the options mean is the
/// policy's.
struct ControlProtocol<Policy: ControlPolicy>: Sendable {
    enum Event: Sendable {
        case up, down, open, close
        case received(ControlPacket)
        /// The peer answered our packets with a Protocol-Reject.
        case protocolRejected
        case deadlinePassed
    }

    enum Output: Sendable, Equatable {
        case send(ControlPacket)
        case layerUp
        case layerDown
        /// Nothing more is sent: it was closed, refused or not answered.
        case layerFinished
        /// The peer ends it, with these words.
        case terminated([UInt8])
        /// LCP's own packets for an open link: Echo-Request, Echo-Reply, Discard-Request, and Protocol-Reject.
        case link(ControlPacket)
    }

    private(set) var policy: Policy
    private var automaton = Automaton()
    private var timer: RestartTimer
    private var request: ControlPacket?
    /// The request has no answer yet: a second one to the same is dropped (RFC 1661 §5.2, a late or doubled packet).
    private var awaitsAnswer = false
    private var identifier: UInt8 = 0
    /// Configure-Naks that we sent since the last Configure-Ack.
    private var naksSent = 0
    /// Configure-Naks and Rejects that came since the last Configure-Ack.
    private var refusals = 0

    init(_ policy: Policy, limits: NegotiationLimits) {
        self.policy = policy
        timer = RestartTimer(limits)
    }

    var state: Automaton.State { automaton.state }
    var isOpened: Bool { automaton.state == .opened }
    var deadline: NIODeadline? { timer.deadline }

    mutating func handle(_ event: Event, now: NIODeadline) -> [Output] {
        switch event {
        case .up: return step(.up, now)
        case .down: return step(.down, now)
        case .open: return step(.open, now)
        case .close: return step(.close, now)
        case .protocolRejected: return step(.fatalReject, now)
        case .received(let packet): return receive(packet, now)
        case .deadlinePassed:
            guard timer.hasExpired(now: now) else { return [] }
            return step(timer.left > 0 ? .timeoutWithRetry : .timeoutAtLast, now)
        }
    }

    // MARK: Packets

    private mutating func receive(_ packet: ControlPacket, _ now: NIODeadline) -> [Output] {
        switch packet.code {
        case ControlCode.configureRequest: return configure(packet, now)
        case ControlCode.configureAck: return acknowledge(packet, now)
        case ControlCode.configureNak, ControlCode.configureReject: return refuse(packet, now)
        case ControlCode.terminateRequest:
            return [.terminated(packet.data)] + step(.terminateRequest, now, answering: packet)
        case ControlCode.terminateAck: return step(.terminateAck, now)
        case ControlCode.codeReject:
            let isFatal = packet.data.first.map { $0 <= ControlCode.codeReject } ?? false
            return step(isFatal ? .fatalReject : .tolerableReject, now)
        case ControlCode.protocolReject...ControlCode.timeRemaining where policy.protocolNumber == PPPProtocol.lcp:
            return linkPacket(packet, now)
        default: return step(.unknownCode, now, answering: packet)
        }
    }

    private mutating func linkPacket(_ packet: ControlPacket, _ now: NIODeadline) -> [Output] {
        switch packet.code {
        case ControlCode.protocolReject: return isOpened ? [.link(packet)] : []
        case ControlCode.echoRequest, ControlCode.echoReply, ControlCode.discardRequest:
            return step(.echo, now, answering: packet)
        default: return []
        }
    }

    private mutating func configure(_ packet: ControlPacket, _ now: NIODeadline) -> [Output] {
        guard let options = ConfigurationOption.list(packet.data) else { return [] }
        switch automaton.state {
        case .initial, .starting, .closed, .closing, .stopping: return step(.goodRequest, now, answering: packet)
        case .stopped, .opened:
            policy.restart()
            naksSent = 0
            refusals = 0
        case .reqSent, .ackRcvd, .ackSent: break
        }
        let mayNak = naksSent < timer.limits.maxFailure
        switch policy.judge(options, mayNak: mayNak) {
        case .ack:
            naksSent = 0
            let answer = ControlPacket(ControlCode.configureAck, packet.identifier, packet.data)
            return step(.goodRequest, now, answering: packet, with: answer)
        case .nak(let wanted):
            naksSent += 1
            let answer = ControlPacket(
                ControlCode.configureNak, packet.identifier, ConfigurationOption.octets(wanted))
            return step(.badRequest, now, answering: packet, with: answer)
        case .reject(let refused):
            let answer = ControlPacket(
                ControlCode.configureReject, packet.identifier, ConfigurationOption.octets(refused))
            return step(.badRequest, now, answering: packet, with: answer)
        }
    }

    private mutating func acknowledge(_ packet: ControlPacket, _ now: NIODeadline) -> [Output] {
        guard isAnswer(packet), packet.data == request?.data else { return [] }
        awaitsAnswer = false
        guard policy.acknowledged() else {
            refusals += Self.patience
            return step(.nakOrReject, now)
        }
        refusals = 0
        return step(.ack, now)
    }

    private mutating func refuse(_ packet: ControlPacket, _ now: NIODeadline) -> [Output] {
        guard isAnswer(packet), let options = ConfigurationOption.list(packet.data) else { return [] }
        awaitsAnswer = false
        refusals += 1
        if packet.code == ControlCode.configureNak { policy.nakked(options) } else { policy.rejected(options) }
        return step(.nakOrReject, now)
    }

    private func isAnswer(_ packet: ControlPacket) -> Bool {
        awaitsAnswer && packet.identifier == request?.identifier
    }

    // MARK: The automaton

    /// Refusals that are followed by a new request at once; behind them a request waits for the restart timer, so that a peer
    /// that is not ready yet, as a modem whose context is still coming up, is asked for as long as it may take.
    private static var patience: Int { 6 }

    /// - Parameters:
    ///   - packet: that is answered.
    ///   - answer: to a Configure-Request.
    private mutating func step(
        _ event: Automaton.Event, _ now: NIODeadline, answering packet: ControlPacket? = nil,
        with answer: ControlPacket? = nil
    ) -> [Output] {
        let actions = automaton.handle(event)
        let isTerminating = actions.contains(.sendTerminateRequest)
        let outputs = actions.flatMap { action in
            perform(action, event, now, packet: packet, answer: answer, isTerminating: isTerminating)
        }
        if !automaton.isTimed {
            timer.stop()
        } else if timer.deadline == nil {
            timer.deferred(now: now)
        }
        return outputs
    }

    private mutating func perform(
        _ action: Automaton.Action, _ event: Automaton.Event, _ now: NIODeadline, packet: ControlPacket?,
        answer: ControlPacket?, isTerminating: Bool
    ) -> [Output] {
        switch action {
        case .thisLayerUp: return [.layerUp]
        case .thisLayerDown: return [.layerDown]
        case .thisLayerStarted: return []
        case .thisLayerFinished: return [.layerFinished]
        case .initializeRestartCount:
            timer.initialize(forTerminate: isTerminating)
            return []
        case .zeroRestartCount:
            timer.zero(now: now)
            return []
        case .sendConfigureRequest: return configureRequest(event, now)
        case .sendConfigureAck, .sendConfigureNak: return answer.map { [.send($0)] } ?? []
        case .sendTerminateRequest:
            timer.sent(now: now)
            return [.send(ControlPacket(ControlCode.terminateRequest, nextIdentifier()))]
        case .sendTerminateAck:
            let identifier = event == .terminateRequest ? packet?.identifier : nil
            return [.send(ControlPacket(ControlCode.terminateAck, identifier ?? nextIdentifier()))]
        case .sendCodeReject:
            guard let packet else { return [] }
            let rejected = packet.octets.readableBytesView.prefix(Self.rejectedOctets)
            return [.send(ControlPacket(ControlCode.codeReject, nextIdentifier(), Array(rejected)))]
        case .sendEchoReply: return packet.map { [.link($0)] } ?? []
        }
    }

    /// Of a packet that is sent back: with its header it fits the smallest MRU that is agreed to (RFC 1661 §5.6).
    private static var rejectedOctets: Int { 124 }

    private mutating func configureRequest(_ event: Automaton.Event, _ now: NIODeadline) -> [Output] {
        if event == .nakOrReject, refusals >= Self.patience {
            timer.deferred(now: now)
            return []
        }
        switch event {
        case .up, .open:
            policy.restart()
            naksSent = 0
            refusals = 0
        case .down, .close, .timeoutWithRetry, .timeoutAtLast, .goodRequest, .badRequest, .ack, .nakOrReject,
            .terminateRequest, .terminateAck, .unknownCode, .tolerableReject, .fatalReject, .echo:
            break
        }
        let data = ConfigurationOption.octets(policy.request())
        // A repetition keeps its identifier, so that the answer to either of them counts (RFC 1661 §5.1).
        if event != .timeoutWithRetry || !awaitsAnswer || request?.data != data {
            request = ControlPacket(ControlCode.configureRequest, nextIdentifier(), data)
        }
        awaitsAnswer = true
        timer.sent(now: now)
        return request.map { [.send($0)] } ?? []
    }

    private mutating func nextIdentifier() -> UInt8 {
        identifier &+= 1
        return identifier
    }
}
