public import Credentials
public import NIOCore

/// One end of a PPP link, without I/O: octets of the line, IP packets and time in, the same out.
///
///     dead → establish (LCP) → authenticate (PAP, CHAP) → network (IPCP, IPV6CP) → running → terminate → dead
///
/// Either role: a client leaves its address to the peer (0.0.0.0) and has an account; a server demands a proof, and gives
/// addresses out. RFC 1661 (link), 1662 (framing), 1334 (PAP), 1994 (CHAP), 1332 and 1877 (IPCP), 5072 (IPV6CP).
public struct PPPLink: Sendable {
    public enum Event: Sendable {
        /// The line is there: negotiation begins.
        case open
        /// The peer is told; `.ended` follows, at the latest after the Terminate-Requests' time.
        case close
        case received(ByteBuffer)
        /// One IP packet for the peer.
        case packet(ByteBuffer)
        case deadlinePassed
        /// The line is no line any more; nothing is written.
        case lineLost
    }

    public enum Action: Sendable, Equatable {
        /// Octets for the line; at most one for an event, before all other actions.
        case write(ByteBuffer)
        /// One IP packet of the peer, whole, of a version that is open.
        case deliver(ByteBuffer)
        case phase(PPPPhase)
        /// IPv4 or IPv6 is open, or one of them no longer: all that is known now.
        case network(PPPNetwork)
        /// Octets that are no frame: what the modem says beside PPP, as `NO CARRIER`. One line, without its end.
        case text(ByteBuffer)
        /// Last of all, but for `.text`.
        case ended(PPPEnd)
    }

    let configuration: PPPConfiguration
    let digests: Digests
    var random: SplitMix64
    var decoder: HDLCDecoder
    var encoder = HDLCEncoder()
    var lcp: ControlProtocol<LCPPolicy>
    var ipcp: ControlProtocol<IPCPPolicy>?
    var ipv6cp: ControlProtocol<IPV6CPPolicy>?
    /// While IPCP is open, as it was agreed.
    var compressor: VJCompressor?
    var decompressor: VJDecompressor?
    var proof: PeerAuthentication?
    var authenticator: Authenticator?
    /// Proofs that are still to come, ours and the peer's.
    var proofsLeft = 0
    var echo: EchoMonitor
    var echoIdentifier: UInt8 = 0
    var rejectIdentifier: UInt8 = 0
    var phaseDeadline: NIODeadline?
    /// `NO CARRIER` stands at the end of an unfinished frame: it is the modem's own if nothing comes until then.
    private var suspicionDeadline: NIODeadline?
    /// Why the link is being ended.
    var reason: PPPEnd?
    public private(set) var phase = PPPPhase.dead
    private var isOver = false
    /// Of the event in hand.
    var line = ByteBuffer()
    var actions: [Action] = []
    var counted = PPPCounters()
    private var lastWrite: NIODeadline?

    /// - Parameter seed: for magic numbers and interface identifiers: another one at each end and in each run.
    public init(_ configuration: PPPConfiguration, digests: Digests, seed: UInt64) {
        self.configuration = configuration
        self.digests = digests
        random = SplitMix64(seed: seed)
        decoder = HDLCDecoder(informationLimit: Self.largestPacket(configuration) + Self.slack)
        let limits = configuration.negotiation
        lcp = ControlProtocol(LCPPolicy(configuration, random: SplitMix64(seed: random.next())), limits: limits)
        ipcp = configuration.ipv4.map { ControlProtocol(IPCPPolicy($0), limits: limits) }
        let ipv6Random = SplitMix64(seed: random.next())
        ipv6cp = configuration.ipv6.map { ControlProtocol(IPV6CPPolicy($0, random: ipv6Random), limits: limits) }
        echo = EchoMonitor(interval: configuration.echoInterval, failures: configuration.echoFailures)
    }

    /// A receiver takes 1,500 octets, whatever it has asked for (RFC 1661 §6.1).
    static func largestPacket(_ configuration: PPPConfiguration) -> Int { max(1_500, Int(configuration.mru)) }

    /// Padding and compressed headers.
    private static let slack = 64

    public var counters: PPPCounters {
        var counters = counted
        counters.frames = decoder.counters
        return counters
    }

    /// When `.deadlinePassed` is owed; to be read again after every event.
    public var deadline: NIODeadline? {
        guard !isOver else { return nil }
        return [
            lcp.deadline, ipcp?.deadline, ipv6cp?.deadline, proof?.deadline, authenticator?.deadline, echo.deadline,
            phaseDeadline, suspicionDeadline,
        ].compactMap(\.self).min()
    }

    public mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        guard !isOver else { return text(behindEnd: event) }
        if let lastWrite, now - lastWrite >= Self.idleTime { encoder.pause() }
        switch event {
        case .open: open(now)
        case .close: finish(.closedHere, now)
        case .received(let octets): receive(octets, now)
        case .packet(let packet): send(packet)
        case .deadlinePassed: passDeadlines(now)
        case .lineLost: end(reason ?? .lineLost)
        }
        defer {
            actions = []
            line = ByteBuffer()
        }
        guard line.readableBytes > 0 else { return actions }
        counted.lineOctetsOut += line.readableBytes
        lastWrite = now
        return [.write(line)] + actions
    }

    /// Of the line: what came upon it meanwhile is parted from the next frame by a flag.
    private static let idleTime = TimeAmount.seconds(1)

    private mutating func open(_ now: NIODeadline) {
        guard phase == .dead else { return }
        enter(.establish)
        phaseDeadline = now + configuration.phaseLimit
        run(lcp: .open, now)
        run(lcp: .up, now)
    }

    // MARK: Packets

    private mutating func receive(_ octets: ByteBuffer, _ now: NIODeadline) {
        var octets = octets
        counted.lineOctetsIn += octets.readableBytes
        var outputs: [HDLCDecoder.Output] = []
        while octets.readableBytes > 0 {
            outputs.removeAll(keepingCapacity: true)
            decoder.decode(&octets, into: &outputs)
            for output in outputs {
                switch output {
                case .frame where isOver: break
                case .frame(let frame):
                    if echo.deadline != nil { echo.heard(now: now) }
                    receive(frame, now)
                case .damaged: decompressor?.lineDamaged()
                case .text(let text): receive(text: text)
                }
            }
        }
        suspicionDeadline = decoder.isLineEndSuspected ? now + Self.silence : nil
    }

    /// Behind the words of a modem that has left data mode; a frame goes on before that, at any baud rate.
    private static let silence = TimeAmount.seconds(1)

    /// What a modem says of a link that is over: it follows the last frame, often in one read with it.
    private mutating func text(behindEnd event: Event) -> [Action] {
        guard case .received(var octets) = event else { return [] }
        counted.lineOctetsIn += octets.readableBytes
        var outputs: [HDLCDecoder.Output] = []
        while octets.readableBytes > 0 { decoder.decode(&octets, into: &outputs) }
        return outputs.compactMap { output in
            if case .text(let text) = output { .text(text) } else { nil }
        }
    }

    private mutating func receive(text: ByteBuffer) {
        actions.append(.text(text))
        guard !isOver else { return }
        if String(buffer: text) == "NO CARRIER" { end(reason ?? .noCarrier) }
    }

    /// - Parameter number: IPv4 or IPv6.
    mutating func deliver(_ information: ByteBuffer, protocol number: UInt16) {
        let isOpen = number == PPPProtocol.ipv4 ? ipcp?.isOpened == true : ipv6cp?.isOpened == true
        guard isOpen, let packet = IPPacket.trimmed(information, protocol: number),
            packet.readableBytes <= Self.largestPacket(configuration)
        else {
            counted.packetsDroppedIn += 1
            return
        }
        counted.packetsIn += 1
        counted.packetOctetsIn += packet.readableBytes
        actions.append(.deliver(packet))
    }

    private mutating func send(_ packet: ByteBuffer) {
        let number = IPPacket.protocolNumber(of: packet)
        let isOpen = number == PPPProtocol.ipv4 ? ipcp?.isOpened == true : ipv6cp?.isOpened == true
        guard let number, isOpen, packet.readableBytes <= Int(lcp.policy.peers.mru) else {
            counted.packetsDroppedOut += 1
            return
        }
        counted.packetsOut += 1
        counted.packetOctetsOut += packet.readableBytes
        if number == PPPProtocol.ipv4, let frame = compressor?.compress(packet) {
            if frame.protocolNumber == PPPProtocol.compressedTCP { counted.compressedOut += 1 }
            encoder.encode(frame, into: &line)
        } else {
            encoder.encode(protocol: number, packet.readableBytesView, into: &line)
        }
    }

    mutating func send(_ packet: ControlPacket, protocol number: UInt16) {
        encoder.encode(protocol: number, packet.octets.readableBytesView, into: &line)
    }

    // MARK: Phases and the end

    mutating func enter(_ phase: PPPPhase) {
        guard self.phase != phase else { return }
        self.phase = phase
        actions.append(.phase(phase))
    }

    /// Ends the link in order: the peer is told, and has the time of the Terminate-Requests to answer.
    mutating func finish(_ end: PPPEnd, _ now: NIODeadline) {
        guard !isOver, phase != .terminate else { return }
        reason = reason ?? end
        guard phase != .dead else { return self.end(end) }
        enter(.terminate)
        phaseDeadline = nil
        run(lcp: .close, now)
    }

    /// Ends it at once.
    mutating func end(_ end: PPPEnd) {
        guard !isOver else { return }
        isOver = true
        phase = .dead
        actions.append(.ended(end))
    }

    private mutating func passDeadlines(_ now: NIODeadline) {
        run(lcp: .deadlinePassed, now)
        run(ipcp: .deadlinePassed, now)
        run(ipv6cp: .deadlinePassed, now)
        run(proof: .deadlinePassed, now)
        run(authenticator: .deadlinePassed, now)
        switch echo.deadlinePassed(now: now) {
        case .quiet: break
        case .ask: sendEchoRequest()
        case .lost(let count): end(.echoLost(count))
        }
        if let due = suspicionDeadline, due <= now {
            suspicionDeadline = nil
            end(reason ?? .noCarrier)
        }
        if let due = phaseDeadline, due <= now {
            phaseDeadline = nil
            phaseIsLate(now)
        }
    }
}
