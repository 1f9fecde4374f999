import Credentials
import NIOCore
import PPP
import TLS
import Tunnel

// PPP calls: `D*99***1#` and `+CGDATA` (3GPP TS 27.007 §10.1.12, §10.2.1.1), the octets between them and the network behind.
extension ModemMachine {
    /// The line of a dial that is no packet service has no answer here.
    mutating func dial(_ command: Command, token: Int) -> Reply {
        guard case .set(let arguments) = command.form, case .word(let text)? = arguments.first.flatMap(\.self),
            let cid = Self.context(ofDial: text)
        else { return .final("NO CARRIER") }
        return call(cid, token: token).map { _ in .final("NO CARRIER") } ?? .later
    }

    mutating func enterDataState(_ command: Command, token: Int) -> Reply {
        switch command.form {
        case .test: return .success(["+CGDATA: \"PPP\""])
        case .read, .execute: return .refused(.plain)
        case .set(let arguments):
            guard arguments.text(0, default: "PPP") == "PPP", let cid = arguments.number(1, default: 1),
                Self.contextRange.contains(cid)
            else { return .refused(.cme(50)) }
            return call(cid, token: token).map { .refused($0) } ?? .later
        }
    }

    /// `*99#`, `*99***<cid>#`, and `*98` in its place; nil for every other number.
    private static func context(ofDial text: String) -> Int? {
        var number = Substring(text.uppercased())
        if number.first == "T" || number.first == "P" { number = number.dropFirst() }
        guard number.hasPrefix("*99") || number.hasPrefix("*98"), number.last == "#" else { return nil }
        let rest = number.dropFirst(3).dropLast()
        if rest.isEmpty { return 1 }
        guard rest.hasPrefix("***"), let cid = Int(rest.dropFirst(3)), contextRange.contains(cid) else { return nil }
        return cid
    }

    /// Why the network refuses; nil: it is at work.
    private mutating func call(_ cid: Int, token: Int) -> Refusal? {
        guard call == nil else { return .cme(3) }
        guard !slots.values.contains(where: { $0.context == cid }) else {
            lastCause = "The context is in use by the embedded stack"
            return .cme(3)
        }
        guard defined.contains(where: { $0.0 == cid }) else {
            lastCause = "Unknown PDP context"
            return .cme(143)
        }
        let isActive = isActive(cid)
        if !isActive, let refusal = bringUp(cid) { return refusal }
        guard radio.isAttached else { return .cme(30) }
        call = DataCall(
            cid: cid, hasActivated: !isActive, state: .connecting(token: token), peer: callPeer(cid),
            detector: EscapeDetector(now: now))
        return nil
    }

    /// Ours and the network behind it, or the connection to another's; both are on their way.
    private mutating func callPeer(_ cid: Int) -> DataCall.Peer {
        if let server = options.ppp.server {
            lastKey += 1
            actions.append(.connect(SocketKey(number: lastKey), address: server.address, port: server.port))
            return .foreign(SocketKey(number: lastKey))
        }
        actions.append(.openNetwork(farNet.plan(client: IPAddress(Self.address(cid)))))
        return .own(PPPLink(pppConfiguration(cid), digests: .openSSL, seed: random.next()))
    }

    private func pppConfiguration(_ cid: Int) -> PPPConfiguration {
        let conditions = options.ppp
        var configuration = PPPConfiguration()
        configuration.mru = conditions.mru
        configuration.accm = conditions.accm
        configuration.refusedLinkOptions = conditions.refusedOptions
        configuration.answersEcho = conditions.answersEcho
        if conditions.compressesHeaders { configuration.ipv4?.headerCompression = HeaderCompression() }
        configuration.ipv4?.emptyProposals = conditions.emptyProposals
        // It goes on proposing, and does not come to refuse.
        configuration.negotiation.maxFailure += conditions.emptyProposals
        configuration.demandedAuthentication = options.account == nil ? [] : conditions.authentication
        configuration.guests = options.account.map { [PPPAccount(name: $0.user, password: $0.password)] } ?? []
        configuration.name = options.profile.model
        configuration.ipv4?.address = Self.ipv4(FarNet.gateway)
        configuration.ipv4?.peerAddress = Self.ipv4(IPAddress(Self.address(cid)))
        configuration.ipv4?.asksForNameServers = false
        configuration.ipv4?.nameServers = FarNet.nameServers.prefix(conditions.nameServers).map(Self.ipv4)
        if options.isIPv4Only { configuration.ipv6 = nil }
        configuration.ipv6?.interfaceIdentifier = FarNet.interfaceIdentifier
        return configuration
    }

    private static func ipv4(_ address: IPAddress?) -> IPv4Address {
        IPv4Address(rawValue: (address?.octets ?? []).reduce(0) { $0 << 8 | UInt32($1) })
    }

    // MARK: The network behind

    mutating func networkReady() {
        guard var call, case .connecting(let token) = call.state else { return }
        guard case .running(let execution) = activity, execution.token == token else {
            return endCall("the dial was given up")
        }
        result("CONNECT" + (options.profile.connectText.map { " \($0)" } ?? ""))
        call.state = .online
        call.detector = EscapeDetector(now: now)
        self.call = call
        activity = .calling
        ledger.opened(.dataMode, "PPP, context \(call.cid)", now: now)
        step(.dataMode)
        send(Array(options.ppp.banner.utf8))
        feed(link: .open)
    }

    mutating func networkFailed(_ words: String) {
        ledger.note("network", words, now: now)
        guard let call, case .connecting(let token) = call.state else { return endCall("no network") }
        endCall("no network")
        conclude(token, .final("NO CARRIER"))
    }

    /// Packets of the network that may be taken now: the line is not far behind.
    var packetRoom: Int {
        guard case .calling = activity, hosts > 0, serial.output.readableBytes < Self.onlineBacklog else { return 0 }
        return carrier.backlogDown(now: now) < Self.backlog ? 1 : 0
    }

    /// What a cell's scheduler holds of each direction before it takes no more.
    static let backlog = TimeAmount.milliseconds(500)

    /// A packet of the network, on its way over the carrier.
    mutating func carryDown(_ packet: ByteBuffer) {
        agenda.add(.packetDown(packet), at: carrier.arrivalDown(Self.payload(packet), now: now))
    }

    mutating func packetDown(_ packet: ByteBuffer) {
        guard !carrier.isStalled(now) else { return agenda.add(.packetDown(packet), at: carrier.stallEnd) }
        feed(link: .packet(packet))
    }

    mutating func packetUp(_ packet: ByteBuffer) {
        guard !carrier.isStalled(now) else { return agenda.add(.packetUp(packet), at: carrier.stallEnd) }
        guard !carrier.isBlackhole else { return }
        guard let answer = farNet.answer(to: packet) else { return actions.append(.packet(packet)) }
        carryDown(answer)
    }

    /// The carrier counts the headers itself.
    private static func payload(_ packet: ByteBuffer) -> Int { max(0, packet.readableBytes - Carrier.headerOctets) }

    // MARK: The line

    /// Octets of the host: PPP, but for a guarded `+++`.
    mutating func takeCall(_ octets: ByteBuffer) {
        guard var call else { return }
        agenda.removeAll { if case .escapeGuard = $0 { true } else { false } }
        let typed = octets.readableBytesView.flatMap { call.detector.take($0, guardTime: guardTime, now: now) }
        self.call = call
        if let completion = call.detector.completion(guardTime: guardTime) {
            agenda.add(.escapeGuard, at: completion)
        }
        if !typed.isEmpty { feed(link: .received(ByteBuffer(bytes: typed))) }
    }

    mutating func feed(link event: PPPLink.Event) {
        guard var call else { return }
        guard case .own(var link) = call.peer else { return pass(event, to: call) }
        var end: PPPEnd?
        let done = link.handle(event, now: now)
        call.peer = .own(link)
        self.call = call
        for action in done {
            switch action {
            // In command mode the line is not the link's.
            case .write(let octets): if call.state == .online { sendFrames(octets) }
            case .deliver(let packet):
                agenda.add(.packetUp(packet), at: carrier.arrivalUp(Self.payload(packet), now: now))
            case .phase, .network, .text: break
            case .ended(let reason): end = reason
            }
        }
        guard let end else { return }
        if let delay = options.ppp.hangUp {
            agenda.add(.hangUp(end.summary), at: now + delay)
        }
    }

    /// What the line does to frames.
    private mutating func sendFrames(_ octets: ByteBuffer) {
        guard !random.percent(options.ppp.lost) else { return }
        var octets = Array(octets.readableBytesView)
        if random.percent(options.ppp.damaged), let at = octets.indices.randomElement(using: &random) {
            octets[at] ^= UInt8.random(in: 1...255, using: &random)
        }
        send(octets)
    }

    /// Another's server gets the octets as they are.
    private mutating func pass(_ event: PPPLink.Event, to call: DataCall) {
        guard case .foreign(let key) = call.peer, case .received(let octets) = event else { return }
        actions.append(.send(key, octets))
    }

    /// What another's server says; it has no line while the host is in command mode.
    mutating func receiveFromServer(_ octets: ByteBuffer) {
        guard call?.state == .online else { return }
        send(Array(octets.readableBytesView))
    }

    /// What the link wants to do by time.
    var linkDeadline: NIODeadline? { call?.deadline }

    mutating func escapeCall() {
        guard case .calling = activity, var call, call.detector.heldOctets == 3 else { return }
        call.state = .escaped
        self.call = call
        leaveCall("OK", "+++")
    }

    /// `O`: back to the call that `+++` has left.
    mutating func resumeCall() -> Reply {
        guard var call, call.state == .escaped else { return .final("NO CARRIER") }
        call.state = .online
        call.detector = EscapeDetector(now: now)
        self.call = call
        result("CONNECT" + (options.profile.connectText.map { " \($0)" } ?? ""))
        activity = .calling
        ledger.opened(.dataMode, "PPP, context \(call.cid)", now: now)
        step(.dataMode)
        return .nothing
    }

    private mutating func leaveCall(_ words: String, _ reason: String) {
        agenda.removeAll { if case .escapeGuard = $0 { true } else { false } }
        result(words)
        activity = .idle
        ledger.closed(.dataMode, reason, now: now)
    }

    /// The call is over: the host is told where the line is in data mode.
    mutating func hangUp(_ reason: String) {
        guard call != nil else { return }
        if case .calling = activity { leaveCall("NO CARRIER", reason) }
        endCall(reason)
    }

    private mutating func endCall(_ reason: String) {
        guard let call else { return }
        self.call = nil
        agenda.removeAll {
            switch $0 {
            case .packetUp, .packetDown, .hangUp: true
            default: false
            }
        }
        if case .foreign(let key) = call.peer { actions.append(.close(key)) }
        if call.hasActivated { takeDown(call.cid, reason) }
    }

    /// What the drop of DTR does to a call, by `&D`.
    mutating func dropDTRInCall() {
        switch (activity, settings.dataTerminalReady) {
        case (.calling, 0): break
        case (.calling, 1):
            call?.state = .escaped
            leaveCall("OK", "DTR, &D1")
        default: hangUp("DTR, &D2")
        }
    }
}
