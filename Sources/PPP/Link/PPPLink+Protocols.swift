import NIOCore
import Scopes

// Which protocol gets what, and what its layers mean for the link.
extension PPPLink {
    mutating func receive(_ frame: PPPFrame, _ now: NIODeadline) {
        let information = frame.information
        switch frame.protocolNumber {
        case PPPProtocol.ipv4 where configuration.ipv4 != nil, PPPProtocol.ipv6 where configuration.ipv6 != nil:
            deliver(information, protocol: frame.protocolNumber)
        case PPPProtocol.compressedTCP where wantsCompression, PPPProtocol.uncompressedTCP where wantsCompression:
            decompress(frame)
        case PPPProtocol.lcp:
            guard let packet = ControlPacket(information) else { return }
            run(lcp: .received(packet), now)
        case PPPProtocol.pap, PPPProtocol.chap:
            guard let packet = ControlPacket(information) else { return }
            authenticate(packet, by: frame.protocolNumber, now)
        case PPPProtocol.ipcp where ipcp != nil:
            guard isNetworkPhase, let packet = ControlPacket(information) else { return }
            run(ipcp: .received(packet), now)
        case PPPProtocol.ipv6cp where ipv6cp != nil:
            guard isNetworkPhase, let packet = ControlPacket(information) else { return }
            run(ipv6cp: .received(packet), now)
        default: reject(frame)
        }
    }

    /// Packets of a phase that has not come are dropped (RFC 1661 §3.5).
    private var isNetworkPhase: Bool { phase == .network || phase == .running }

    /// A protocol that we do not have (RFC 1661 §5.7), only while LCP is open.
    private mutating func reject(_ frame: PPPFrame) {
        guard lcp.isOpened else { return }
        let number = [UInt8(frame.protocolNumber >> 8), UInt8(frame.protocolNumber & 0xFF)]
        let room = max(0, Int(lcp.policy.peers.mru) - 6)
        rejectIdentifier &+= 1
        let packet = ControlPacket(
            ControlCode.protocolReject, rejectIdentifier, number + frame.information.readableBytesView.prefix(room))
        send(packet, protocol: PPPProtocol.lcp)
    }

    // MARK: LCP

    mutating func run(lcp event: ControlProtocol<LCPPolicy>.Event, _ now: NIODeadline) {
        var isTerminated = false
        for output in lcp.handle(event, now: now) {
            switch output {
            case .send(let packet): send(packet, protocol: PPPProtocol.lcp)
            case .layerUp: linkIsUp(now)
            case .layerDown: linkIsDown(now)
            case .layerFinished: end(reason ?? establishmentFailure)
            case .terminated(let words):
                let isAboutProof = phase == .establish && lcp.policy.unacceptedAuthentication != nil
                reason = reason ?? (isAboutProof ? establishmentFailure : .terminatedByPeer(words: Self.text(words)))
                isTerminated = phase != .terminate
                enter(.terminate)
                phaseDeadline = nil
            case .link(let packet): receiveLink(packet, now)
            }
        }
        // The answer is on its way; what the peer has ended needs no more time.
        if isTerminated { end(reason ?? .terminatedByPeer(words: "")) }
        if lcp.policy.ownNumbersSeen >= Self.loopSightings { end(.loopedBack) }
        if lcp.policy.refusesAuthentication { finish(.peerUnproven, now) }
    }

    /// Words of the peer, for a person.
    private static func text(_ octets: [UInt8]) -> String {
        String(decoding: octets, as: UTF8.self).printable(limit: 120)
    }

    /// One look-alike is chance, so many are none (RFC 1661 §6.4).
    private static let loopSightings = 4

    private var establishmentFailure: PPPEnd {
        if let demanded = lcp.policy.unacceptedAuthentication { return .authenticationUnacceptable(demanded: demanded) }
        return decoder.counters.good == 0 ? .noAnswer : .noAgreement(protocolName: lcp.policy.name)
    }

    private mutating func linkIsUp(_ now: NIODeadline) {
        let (ours, peers) = (lcp.policy.ours, lcp.policy.peers)
        decoder.accm = ours.accm
        encoder.format = FrameFormat(
            accm: peers.accm, compressesProtocol: peers.compressesProtocol,
            compressesAddressAndControl: peers.compressesAddressAndControl)
        echo.heard(now: now)
        proofsLeft = 0
        phaseDeadline = now + configuration.phaseLimit
        let limits = configuration.negotiation
        if let method = peers.authentication {
            proofsLeft += 1
            proof = PeerAuthentication(
                method, account: configuration.account, digests: digests, limits: limits,
                identifier: UInt8.random(in: 1...255, using: &random))
        }
        if let method = ours.authentication {
            proofsLeft += 1
            authenticator = Authenticator(
                method, guests: configuration.guests, name: configuration.name, digests: digests, limits: limits,
                identifier: UInt8.random(in: 1...255, using: &random))
        }
        guard proofsLeft > 0 else { return openNetwork(now) }
        enter(.authenticate)
        run(proof: .began, now)
        run(authenticator: .began, now)
    }

    private mutating func linkIsDown(_ now: NIODeadline) {
        decoder.accm = FrameFormat.initial.accm
        encoder.format = .initial
        echo.stop()
        proof = nil
        authenticator = nil
        run(ipcp: .down, now)
        run(ipv6cp: .down, now)
        guard phase != .terminate else { return }
        enter(.establish)
        phaseDeadline = now + configuration.phaseLimit
    }

    private mutating func receiveLink(_ packet: ControlPacket, _ now: NIODeadline) {
        let number = packet.data.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        switch packet.code {
        case ControlCode.protocolReject: receiveProtocolReject(packet, now)
        case ControlCode.echoRequest:
            guard packet.data.count >= 4, configuration.answersEcho else { return }
            if number != 0, number == lcp.policy.ours.magicNumber { return end(.loopedBack) }
            let room = max(0, Int(lcp.policy.peers.mru) - 8)
            let data = magicOctets + packet.data.dropFirst(4).prefix(room)
            send(ControlPacket(ControlCode.echoReply, packet.identifier, data), protocol: PPPProtocol.lcp)
        // That something came is all that counts: see `EchoMonitor.heard`.
        default: return
        }
    }

    private var magicOctets: [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: lcp.policy.ours.magicNumber >> (24 - 8 * UInt32($0))) }
    }

    mutating func sendEchoRequest() {
        guard lcp.isOpened else { return }
        echoIdentifier &+= 1
        send(ControlPacket(ControlCode.echoRequest, echoIdentifier, magicOctets), protocol: PPPProtocol.lcp)
    }

    private mutating func receiveProtocolReject(_ packet: ControlPacket, _ now: NIODeadline) {
        guard packet.data.count >= 2 else { return }
        let rejected = UInt16(packet.data[0]) << 8 | UInt16(packet.data[1])
        switch rejected {
        case PPPProtocol.ipcp, PPPProtocol.ipv4: run(ipcp: .protocolRejected, now)
        case PPPProtocol.ipv6cp, PPPProtocol.ipv6: run(ipv6cp: .protocolRejected, now)
        case PPPProtocol.pap, PPPProtocol.chap:
            guard let method = proof?.method, number(of: method) == rejected else { return }
            finish(.authenticationUnanswered(method), now)
        case PPPProtocol.lcp: run(lcp: .protocolRejected, now)
        default: return
        }
    }

    // MARK: Authentication

    private mutating func authenticate(_ packet: ControlPacket, by number: UInt16, _ now: NIODeadline) {
        let method: AuthenticationProtocol = number == PPPProtocol.pap ? .pap : .chapMD5
        if proof?.method == method { run(proof: .received(packet), now) }
        if authenticator?.method == method { run(authenticator: .received(packet), now) }
    }

    mutating func run(proof event: PeerAuthentication.Event, _ now: NIODeadline) {
        guard let method = proof?.method, let outputs = proof?.handle(event, now: now) else { return }
        for output in outputs {
            switch output {
            case .send(let packet): send(packet, protocol: number(of: method))
            case .succeeded: proofIsDone(now)
            case .refused(let words):
                finish(.authenticationRefused(method, words: Self.text(words)), now)
            case .unanswered: finish(.authenticationUnanswered(method), now)
            case .impossible: finish(.noMD5, now)
            }
        }
    }

    mutating func run(authenticator event: Authenticator.Event, _ now: NIODeadline) {
        guard let method = authenticator?.method, let outputs = authenticator?.handle(event, now: now) else { return }
        for output in outputs {
            switch output {
            case .send(let packet): send(packet, protocol: number(of: method))
            case .succeeded: proofIsDone(now)
            case .failed, .unanswered: finish(.peerUnproven, now)
            case .impossible: finish(.noMD5, now)
            }
        }
    }

    private func number(of method: AuthenticationProtocol) -> UInt16 {
        switch method {
        case .pap: PPPProtocol.pap
        case .chapMD5: PPPProtocol.chap
        }
    }

    private mutating func proofIsDone(_ now: NIODeadline) {
        proofsLeft -= 1
        if proofsLeft == 0, phase == .authenticate { openNetwork(now) }
    }

    // MARK: Network

    private mutating func openNetwork(_ now: NIODeadline) {
        enter(.network)
        phaseDeadline = now + configuration.phaseLimit
        run(ipcp: .open, now)
        run(ipv6cp: .open, now)
        run(ipcp: .up, now)
        run(ipv6cp: .up, now)
    }

    mutating func run(ipcp event: ControlProtocol<IPCPPolicy>.Event, _ now: NIODeadline) {
        guard let outputs = ipcp?.handle(event, now: now) else { return }
        for output in outputs { perform(output, protocol: PPPProtocol.ipcp, now) }
    }

    mutating func run(ipv6cp event: ControlProtocol<IPV6CPPolicy>.Event, _ now: NIODeadline) {
        guard let outputs = ipv6cp?.handle(event, now: now) else { return }
        for output in outputs { perform(output, protocol: PPPProtocol.ipv6cp, now) }
    }

    private mutating func perform<Policy>(
        _ output: ControlProtocol<Policy>.Output, protocol number: UInt16, _ now: NIODeadline
    ) {
        switch output {
        case .send(let packet): send(packet, protocol: number)
        case .layerUp:
            if number == PPPProtocol.ipcp { compressHeaders() }
            phaseDeadline = nil
            enter(.running)
            actions.append(.network(network))
        case .layerDown:
            guard isNetworkPhase, lcp.isOpened else { return }
            actions.append(.network(network))
            guard !hasNetwork else { return }
            enter(.network)
            phaseDeadline = now + configuration.phaseLimit
        case .layerFinished:
            guard isNetworkPhase, !isNegotiating else { return }
            if hasNetwork { actions.append(.network(network)) } else { finish(networkFailure, now) }
        case .terminated, .link: break
        }
    }

    private var hasNetwork: Bool { ipcp?.isOpened == true || ipv6cp?.isOpened == true }

    private var isNegotiating: Bool {
        [ipcp?.state, ipv6cp?.state].contains { state in
            switch state {
            case .reqSent, .ackRcvd, .ackSent: true
            case nil, .initial, .starting, .closed, .stopped, .closing, .stopping, .opened: false
            }
        }
    }

    private var networkFailure: PPPEnd {
        guard let policy = ipcp?.policy, policy.address == .any else { return .noNetwork(noAddress: false) }
        return .noNetwork(noAddress: policy.isLeftWithoutAddress || policy.peerAddress != .any)
    }

    private var network: PPPNetwork {
        var network = PPPNetwork(
            mtu: min(Int(lcp.policy.peers.mru), Int(configuration.mru)), isSettled: !isNegotiating)
        if let ipcp, ipcp.isOpened {
            network.ipv4 = PPPNetwork.IPv4(
                address: ipcp.policy.address, peerAddress: ipcp.policy.peerAddress,
                nameServers: ipcp.policy.nameServers, compressesSent: compressor != nil,
                compressesReceived: decompressor != nil)
        }
        if let ipv6cp, ipv6cp.isOpened {
            network.ipv6 = PPPNetwork.IPv6(
                interfaceIdentifier: ipv6cp.policy.identifier,
                peerInterfaceIdentifier: ipv6cp.policy.peerIdentifier)
        }
        return network
    }

    /// The time of the phase is over.
    mutating func phaseIsLate(_ now: NIODeadline) {
        switch phase {
        case .establish: finish(establishmentFailure, now)
        case .authenticate:
            finish(proof.map { .authenticationUnanswered($0.method) } ?? .peerUnproven, now)
        case .network: finish(networkFailure, now)
        case .running, .terminate, .dead: break
        }
    }
}
