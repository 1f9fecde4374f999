import CLinux
import Glibc
import NIOCore
import Scopes

/// The thread's side of a loop: the machine, the descriptors, and the link and ledger file that it keeps.
final class LoopWorker {
    private let options: FakeModemOptions
    private let loop: ModemLoop
    private let terminal: PseudoTerminal
    private let wakeIn: Descriptor
    private let wakeOut: Descriptor
    private let ledgerFile: Descriptor?
    private let epoch = NIODeadline.now()
    private var machine: any LoopMachine
    private var sockets: [SocketKey: FarSocket] = [:]
    private var network: FarNetwork?
    private var device: Descriptor?
    private var outgoing = ByteBuffer()
    private var hosts = 0
    private var isUnplugged = false
    private var isStopped = false

    init(
        _ options: FakeModemOptions, _ loop: ModemLoop, _ terminal: PseudoTerminal, wakeIn: Descriptor,
        wakeOut: Descriptor, makeMachine: @Sendable (NIODeadline) -> any LoopMachine
    ) throws(FakeModemError) {
        self.options = options
        self.loop = loop
        self.terminal = terminal
        self.wakeIn = wakeIn
        self.wakeOut = wakeOut
        machine = makeMachine(epoch)
        if let path = options.ledgerFile {
            // Paths are copied for the call, here and below.
            let number = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
            guard number >= 0 else { throw lastFailure("opening the ledger \(path.printable())") }
            ledgerFile = Descriptor(number)
        } else {
            ledgerFile = nil
        }
    }

    /// Virtual time: real time since the start, faster by the scale.
    private var now: NIODeadline {
        epoch + .nanoseconds((NIODeadline.now() - epoch).nanoseconds * Int64(max(1, options.timeScale)))
    }

    /// Makes the link, and waits until the prelude is done (at most 10 s).
    func prepare() throws(FakeModemError) {
        if let link = options.link {
            var status = stat()
            // The structure outlives the call. Only a symbolic link is ever replaced.
            if unsafe lstat(link, &status) == 0, status.st_mode & S_IFMT == S_IFLNK { _ = unsafe unlink(link) }
            guard unsafe symlink(terminal.device, link) == 0 else { throw lastFailure("linking \(link.printable())") }
        }
        feed(.started)
        let end = NIODeadline.now() + .seconds(10)
        while !machine.isReady, NIODeadline.now() < end { turn() }
    }

    func run() {
        while !isStopped, machine.outcome == nil { turn() }
        takeLeave()
        feed(.stopped)
        for socket in sockets.values { socket.reset() }
        sockets = [:]
        network?.end()
        device?.close()
        if let link = options.link { _ = unsafe unlink(link) }
        terminal.master.close()
        loop.finish(machine.outcome)
    }

    // MARK: one turn

    private enum Source {
        case wake
        case watch
        case master
        case socket(SocketKey)
        case device
    }

    private func turn() {
        var sources: [(Source, pollfd)] = [
            (.wake, pollfd(fd: wakeIn.number, events: Int16(POLLIN), revents: 0)),
            (.watch, pollfd(fd: terminal.watch.number, events: Int16(POLLIN), revents: 0)),
        ]
        if hosts > 0, !isUnplugged, masterEvents != 0 {
            sources.append((.master, pollfd(fd: terminal.master.number, events: masterEvents, revents: 0)))
        }
        for (key, socket) in sockets {
            let events = events(of: socket, key)
            if events != 0 {
                sources.append((.socket(key), pollfd(fd: socket.descriptor.number, events: events, revents: 0)))
            }
        }
        if let device, machine.packetRoom > 0 {
            sources.append((.device, pollfd(fd: device.number, events: Int16(POLLIN), revents: 0)))
        }
        var polled = sources.map(\.1)
        // The array outlives the call; its count is passed.
        _ = unsafe clinux_poll(&polled, UInt32(clamping: polled.count), timeout)
        for (source, status) in zip(sources.map(\.0), polled) where status.revents != 0 {
            handle(source, status.revents)
        }
        feed(.deadlinePassed)
    }

    /// Nanoseconds until the machine's deadline, below 0 for none: whole milliseconds would slow a paced line at each turn.
    private var timeout: Int64 {
        guard let deadline = machine.deadline else { return -1 }
        let nanoseconds = (deadline - now).nanoseconds / Int64(max(1, options.timeScale))
        return min(3_600_000_000_000, max(0, nanoseconds))
    }

    private var masterEvents: Int16 {
        (machine.lineRoom > 0 ? Int16(POLLIN) : 0) | (outgoing.readableBytes > 0 ? Int16(POLLOUT) : 0)
    }

    private func handle(_ source: Source, _ events: Int16) {
        switch source {
        case .wake:
            _ = wakeIn.read(256)
            for order in loop.takeOrders() {
                switch order {
                case .inflict(let effect): feed(.inflict(effect))
                case .network(let news): hear(news)
                case .stop: isStopped = true
                }
            }
        case .watch: watchHosts()
        case .master: serve(events)
        case .socket(let key): serve(key, events)
        case .device: readDevice()
        }
    }

    // MARK: the pty

    /// The kernel merges equal notices that stand behind each other, so counts are no more than a hint: whether any host has
    /// the slave open is what the master's hang-up says. A close and an open between two looks are both seen.
    private func watchHosts() {
        let changes = terminal.changes()
        for (index, change) in changes.enumerated() where !isUnplugged {
            switch change {
            case .opened:
                hosts += 1
                if hosts == 1 { hostOpened() }
            case .closed:
                hosts -= 1
                let isSure = index + 1 < changes.count || terminal.isHungUp
                if hosts <= 0, isSure { hostClosed() } else { hosts = max(1, hosts) }
            }
        }
        if hosts > 0, !isUnplugged, !changes.isEmpty, terminal.isHungUp { hostClosed() }
    }

    /// A host that closed just before the end has closed, though its notice may still be on the way: it is waited for a moment.
    private func takeLeave() {
        watchHosts()
        guard hosts > 0, !isUnplugged else { return }
        var status = pollfd(fd: terminal.master.number, events: 0, revents: 0)
        // The structure outlives the call. POLLHUP needs no asking.
        _ = unsafe poll(&status, 1, 200)
        if terminal.isHungUp { hostClosed() }
    }

    private func hostOpened() {
        feedSpeed()
        feed(.hostOpened)
    }

    private func hostClosed() {
        readLine()  // what the host wrote before it closed
        hosts = 0
        outgoing.clear()
        feed(.hostClosed)
    }

    private func serve(_ events: Int16) {
        if events & Int16(POLLIN) != 0 { readLine() }
        if events & Int16(POLLOUT) != 0 { writeLine() }
        if events & Int16(POLLHUP) != 0, events & Int16(POLLIN) == 0 { watchHosts() }
    }

    private func readLine() {
        guard let octets = terminal.master.read(machine.lineRoom), !octets.isEmpty else { return }
        feedSpeed()
        feed(.line(ByteBuffer(bytes: octets)))
    }

    private func writeLine() {
        guard outgoing.readableBytes > 0, !isUnplugged else { return }
        if let count = terminal.master.write(outgoing.readableBytesView) {
            outgoing.moveReaderIndex(forwardBy: count)
            outgoing.discardReadBytes()
        }
        if outgoing.readableBytes == 0 { feed(.writable(true)) }
    }

    private func feedSpeed() {
        guard options.baud != nil, let speed = terminal.hostSpeed else { return }
        feed(.hostSpeed(speed))
    }

    // MARK: the far side

    private func events(of socket: FarSocket, _ key: SocketKey) -> Int16 {
        switch socket.state {
        case .connecting: Int16(POLLOUT)
        case .connected:
            (machine.window(of: key) > 0 ? Int16(POLLIN) : 0) | (socket.outgoing.readableBytes > 0 ? Int16(POLLOUT) : 0)
        case .ended: socket.outgoing.readableBytes > 0 ? Int16(POLLOUT) : 0
        case .dead: 0
        }
    }

    private func serve(_ key: SocketKey, _ events: Int16) {
        guard let socket = sockets[key] else { return }
        switch socket.state {
        case .connecting:
            guard socket.pendingError == 0 else {
                sockets[key] = nil
                return feed(.connectFailed(key))
            }
            socket.state = .connected
            feed(.connected(key))
        case .connected, .ended:
            if events & Int16(POLLIN | POLLHUP | POLLERR) != 0, socket.state == .connected { receive(key, socket) }
            if events & Int16(POLLOUT) != 0 { sendWaiting(key, socket) }
        case .dead: break
        }
    }

    private func receive(_ key: SocketKey, _ socket: FarSocket) {
        let window = min(16_384, machine.window(of: key))
        guard window > 0 else { return }
        guard let octets = socket.descriptor.read(window) else {
            guard errno != EAGAIN else { return }
            socket.state = .dead
            return feed(.reset(key))
        }
        if octets.isEmpty {
            socket.state = .ended
            feed(.ended(key))
        } else {
            feed(.received(key, ByteBuffer(bytes: octets)))
        }
    }

    private func sendWaiting(_ key: SocketKey, _ socket: FarSocket) {
        guard let count = socket.sendWaiting() else {
            guard socket.state != .dead else { return }
            let wasConnected = socket.state == .connected
            socket.state = .dead
            socket.outgoing.clear()
            if wasConnected { feed(.reset(key)) }
            return
        }
        if count > 0 { feed(.delivered(key, count)) }
        socket.finishWaiting()
        if socket.isClosing, socket.outgoing.readableBytes == 0 { sockets[key] = nil }
    }

    // MARK: the network behind a PPP call

    private func openNetwork(_ plan: FarNet.Plan) {
        let network = network ?? FarNetwork(options.tunnel) { [loop] in loop.order(.network($0)) }
        self.network = network
        network.take(plan)
    }

    private func hear(_ news: FarNetwork.News) {
        switch news {
        case .ready(let number):
            device = Descriptor(number)
            feed(.networkReady)
        case .configured: feed(.networkReady)
        case .failed(let words):
            network = nil
            feed(.networkFailed(words))
        }
    }

    /// Up to a few packets a turn, each by a read of its own.
    private func readDevice() {
        for _ in 0..<8 where machine.packetRoom > 0 {
            guard let packet = device?.read(65_535), !packet.isEmpty else { return }
            feed(.packet(ByteBuffer(bytes: packet)))
        }
    }

    // MARK: the machine

    private var queue: [ModemMachine.Event] = []
    private var isFeeding = false

    /// Gives the machine an event, and does what it says. Events that come of that wait their turn.
    private func feed(_ event: ModemMachine.Event) {
        queue.append(event)
        guard !isFeeding else { return }
        isFeeding = true
        defer { isFeeding = false }
        while !queue.isEmpty {
            let actions = machine.handle(queue.removeFirst(), now: now)
            keepLedger()  // first: whoever sees an answer finds its entry
            for action in actions { perform(action) }
        }
    }

    private func perform(_ action: ModemMachine.Action) {
        switch action {
        case .write(let octets):
            outgoing.writeImmutableBuffer(octets)
            writeLine()
            if outgoing.readableBytes > 0 { feed(.writable(false)) }
        case .connect(let key, let address, let port):
            guard let socket = FarSocket(address: address, port: port) else { return feed(.connectFailed(key)) }
            sockets[key] = socket
        case .send(let key, let octets):
            guard let socket = sockets[key], socket.state != .dead else { return }
            socket.outgoing.writeImmutableBuffer(octets)
            sendWaiting(key, socket)
        case .finish(let key):
            guard let socket = sockets[key], socket.state != .dead else { return }
            socket.isFinishing = true
            socket.finishWaiting()
        case .close(let key):
            guard let socket = sockets[key] else { return }
            socket.isClosing = true
            if socket.outgoing.readableBytes == 0 || socket.state == .dead { sockets[key] = nil }
        case .openNetwork(let plan): openNetwork(plan)
        // The device drops what it cannot take, as a network does.
        case .packet(let packet): _ = device?.write(packet.readableBytesView)
        case .abort(let key): sockets.removeValue(forKey: key)?.reset()
        case .unplug:
            isUnplugged = true
            hosts = 0
            terminal.master.close()
        }
    }

    private func keepLedger() {
        let entries = machine.ledger.take()
        guard !entries.isEmpty else { return }
        if let ledgerFile {
            _ = ledgerFile.write(entries.map { $0.json + "\n" }.joined().utf8)
        }
        loop.record.add(entries, balance: machine.ledger.balance)
    }
}
