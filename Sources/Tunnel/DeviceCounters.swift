/// The kernel's count of what passed through the device, seen from the namespace: `sent` is what this side's TCP sent.
public struct DeviceCounters: Sendable, Equatable {
    public var receivedPackets: UInt64
    public var sentPackets: UInt64
    /// Octets of IP.
    public var receivedOctets: UInt64
    public var sentOctets: UInt64
    public var receivedDropped: UInt64
    /// What did not fit into the queue: the line was slower than the sender.
    public var sentDropped: UInt64

    static let count = 6

    var values: [UInt64] {
        [receivedPackets, sentPackets, receivedOctets, sentOctets, receivedDropped, sentDropped]
    }

    init?(_ values: [UInt64]) {
        guard values.count == Self.count else { return nil }
        receivedPackets = values[0]
        sentPackets = values[1]
        receivedOctets = values[2]
        sentOctets = values[3]
        receivedDropped = values[4]
        sentDropped = values[5]
    }
}
