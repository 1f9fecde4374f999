import Bearer
import NIOCore
import PPP
import TLS

@testable import Bearer

/// A modem with a network behind it: commands are answered from a table, and a dial leads to a PPP server whose packets go to a
/// device. By 3GPP TS 27.007 §10.1.12 and §10.2.1.1, V.250 and the Hayes escape. Confined to its loop.
final class FarPPPModem: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Habits: Sendable {
        /// What each command is answered with, without the outer line ends; others are answered with `OK`.
        var answers: [String: String] = [:]
        /// Commands behind which the line is in data mode.
        var dials = ["ATD*99***1#": "CONNECT 115200"]
        /// Commands that are never answered.
        var silent: Set<String> = []
        /// What it says when the link has ended by LCP; nil: nothing, and it stays in data mode.
        var farewell: String? = "NO CARRIER"
        /// What it says when DTR falls; nil: it does not regard that.
        var dropped: String?
        var isDeaf = false
        /// The network ends the call as soon as it stands.
        var endsAtOnce = false
        var server = FarPPPModem.server
    }

    static var server: PPPConfiguration {
        var server = PPPConfiguration()
        server.ipv4?.address = IPv4Address(10, 64, 0, 1)
        server.ipv4?.peerAddress = IPv4Address(10, 64, 0, 2)
        server.ipv4?.nameServers = [IPv4Address(10, 64, 0, 1)]
        server.ipv6 = nil
        return server
    }

    var habits: Habits
    private(set) var commands: [String] = []
    private(set) var isOnline = false
    private var isDead = false
    private(set) var ends: [PPPEnd] = []
    private let loop: any EventLoop
    private let escapeTime: TimeAmount
    private var device: PacketDevice?
    private var context: ChannelHandlerContext?
    private var typed = ""
    private var link: PPPLink?
    private var timer: Scheduled<Void>?

    init(_ habits: Habits, on loop: any EventLoop, escapeTime: TimeAmount) {
        self.habits = habits
        self.loop = loop
        self.escapeTime = escapeTime
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    func attach(_ device: PacketDevice) {
        self.device = device
        device.read()
    }

    func take(packet: ByteBuffer) {
        run(.packet(packet))
        device?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDead else { return }
        let octets = unwrapInboundIn(data)
        guard isOnline else { return type(String(buffer: octets)) }
        if String(buffer: octets) == "+++" {
            loop.assumeIsolated().scheduleTask(in: escapeTime) { self.leave("OK") }
        } else if !habits.isDeaf {
            run(.received(octets))
        }
    }

    private func type(_ text: String) {
        typed += text
        while let end = typed.firstIndex(of: "\r") {
            let command = String(typed[..<end])
            typed = String(typed[typed.index(after: end)...])
            if !command.isEmpty { answer(command) }
        }
    }

    private func answer(_ command: String) {
        commands.append(command)
        guard !habits.silent.contains(command) else { return }
        if let words = habits.dials[command] {
            say(words)
            isOnline = true
            guard !habits.endsAtOnce else { return leave("NO CARRIER") }
            link = PPPLink(habits.server, digests: .openSSL, seed: 7)
            if !habits.isDeaf { run(.open) }
        } else if command.hasPrefix("AT+CMEE?") {
            say("+CMEE: 1\r\n\r\nOK")
        } else {
            say(habits.answers[command] ?? "OK")
        }
    }

    private func say(_ words: String) { write(ByteBuffer(string: "\r\n\(words)\r\n")) }

    private func write(_ octets: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(octets), promise: nil) }

    private func leave(_ words: String) {
        guard isOnline else { return }
        isOnline = false
        timer?.cancel()
        link = nil
        say(words)
    }

    private func run(_ event: PPPLink.Event) {
        guard let actions = link?.handle(event, now: loop.now) else { return }
        for action in actions {
            switch action {
            case .write(let octets): write(octets)
            case .deliver(let packet): device?.write(packet)
            case .phase, .network, .text: break
            case .ended(let end):
                ends.append(end)
                if let words = habits.farewell { leave(words) }
            }
        }
        timer?.cancel()
        timer = link?.deadline.map { deadline in
            loop.assumeIsolated().scheduleTask(deadline: deadline) { self.run(.deadlinePassed) }
        }
    }

    // MARK: What befalls it

    /// The network ends the call, between two frames or within one.
    func hangUp(within frame: [UInt8] = []) {
        if !frame.isEmpty { write(ByteBuffer(bytes: frame)) }
        leave("NO CARRIER")
    }

    /// The network ends the link.
    func terminate() { run(.close) }

    /// Nothing passes any more, and nobody says so.
    func fallSilent() {
        habits.isDeaf = true
        link = nil
        timer?.cancel()
    }

    /// Not even command mode is there any more.
    func die() {
        fallSilent()
        isDead = true
    }

    func dropDTR() {
        if let words = habits.dropped { leave(words) }
    }
}
