public import NIOCore

/// What a frame carries, without address, control and FCS: RFC 1661 §2.
public struct PPPFrame: Sendable, Equatable {
    /// As two octets, also when it came as one. What breaks the rule of RFC 1661 §2 (low octet odd, high octet even) is kept as
    /// it came: no protocol has such a number, so that it is refused like any unknown one.
    public var protocolNumber: UInt16
    /// Information and padding.
    public var information: ByteBuffer

    public init(protocolNumber: UInt16, information: ByteBuffer) {
        self.protocolNumber = protocolNumber
        self.information = information
    }
}
