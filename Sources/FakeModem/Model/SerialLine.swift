import NIOCore

/// The wire: octets on their way in and out, paced by the baud rate, cut by fragmentation, garbled when the speeds differ.
///
/// Without a baud rate it is USB: octets pass at once, and the host's speed means nothing.
struct SerialLine {
    /// What is held from the host before it is processed: the receiver's buffer. The driver reads no more than there is room.
    static let inputLimit = 8_192

    private(set) var baud: Int?
    var hostSpeed: Int?
    var isWritable = true
    private(set) var input = ByteBuffer()
    private(set) var output = ByteBuffer()
    private var inputClock: NIODeadline
    private var outputClock: NIODeadline

    init(baud: Int?, now: NIODeadline) {
        self.baud = baud
        inputClock = now
        outputClock = now
    }

    var inputRoom: Int { max(0, Self.inputLimit - input.readableBytes) }

    private var octetTime: Int64? { baud.map { 10_000_000_000 / Int64(max(1, $0)) } }

    private var isGarbled: Bool {
        guard let baud, let hostSpeed else { return false }
        return baud != hostSpeed
    }

    mutating func changeBaud(_ rate: Int, now: NIODeadline) {
        guard baud != nil else { return }
        baud = rate
        inputClock = now
        outputClock = now
    }

    mutating func receive(_ octets: ByteBuffer, now: NIODeadline, random: inout SplitMix64) {
        if input.readableBytes == 0, let octetTime {
            inputClock = max(inputClock, now) + .nanoseconds(octetTime)
        }
        input.writeBytes(garbled(octets.readableBytesView, random: &random))
        input.discardReadBytes()
    }

    /// How many octets have come in completely by now.
    func available(now: NIODeadline) -> Int {
        guard let octetTime else { return input.readableBytes }
        guard input.readableBytes > 0, inputClock <= now else { return 0 }
        return min(input.readableBytes, 1 + Int(clamping: (now - inputClock).nanoseconds / octetTime))
    }

    /// Takes up to `limit` octets of what is available.
    mutating func take(_ limit: Int, now: NIODeadline) -> ByteBuffer {
        let count = min(limit, available(now: now))
        guard count > 0, let octets = input.readSlice(length: count) else { return ByteBuffer() }
        if let octetTime { inputClock = inputClock + .nanoseconds(octetTime * Int64(count)) }
        return octets
    }

    mutating func dropInput() { input.clear() }
    mutating func dropOutput() { output.clear() }

    mutating func queue(_ octets: some Sequence<UInt8>) {
        output.writeBytes(octets)
    }

    /// The next piece of output that may leave now, nil when none may.
    mutating func piece(_ fragmentation: Fragmentation, limit: Int, now: NIODeadline, random: inout SplitMix64)
        -> ByteBuffer?
    {
        guard isWritable, output.readableBytes > 0, outputClock <= now, limit > 0 else { return nil }
        var count = min(output.readableBytes, limit)
        switch fragmentation {
        case .none: break
        case .random: count = min(count, Int.random(in: 1...9, using: &random))
        case .octets: count = 1
        }
        if let octetTime {
            let budget = max(1, Int(clamping: 1_000_000 / octetTime))
            count = min(count, budget)
            outputClock = max(outputClock, now - .milliseconds(1)) + .nanoseconds(octetTime * Int64(count))
        } else if fragmentation != .none, random.percent(10) {
            outputClock = now + .milliseconds(1)
        }
        guard let piece = output.readSlice(length: count) else { return nil }
        output.discardReadBytes()
        return ByteBuffer(bytes: garbled(piece.readableBytesView, random: &random))
    }

    func inputDeadline(now: NIODeadline) -> NIODeadline? {
        guard input.readableBytes > 0, let octetTime else { return nil }
        let more = min(Int64(input.readableBytes - 1), 1_000_000 / octetTime)
        return inputClock + .nanoseconds(more * octetTime)
    }

    func outputDeadline(now: NIODeadline) -> NIODeadline? {
        isWritable && output.readableBytes > 0 ? outputClock : nil
    }

    private func garbled(_ octets: ByteBufferView, random: inout SplitMix64) -> [UInt8] {
        guard isGarbled else { return Array(octets) }
        return octets.map { $0 ^ UInt8.random(in: 1...255, using: &random) | 0x80 }
    }
}
