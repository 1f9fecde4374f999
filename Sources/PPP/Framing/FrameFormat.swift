/// What is agreed for the frames of one direction.
public struct FrameFormat: Sendable, Equatable {
    /// Async-Control-Character-Map: bit n stands for the octet n, from 0 to 31 (RFC 1662 §7.1).
    public var accm: UInt32
    /// Protocol-Field-Compression: a protocol below 256 is sent as one octet (RFC 1661 §6.5).
    public var compressesProtocol: Bool
    /// Address-and-Control-Field-Compression: FF 03 is left out (RFC 1661 §6.6).
    public var compressesAddressAndControl: Bool

    public init(accm: UInt32, compressesProtocol: Bool = false, compressesAddressAndControl: Bool = false) {
        self.accm = accm
        self.compressesProtocol = compressesProtocol
        self.compressesAddressAndControl = compressesAddressAndControl
    }

    /// Of every link before its options are agreed, and of LCP's own frames always (RFC 1661 §5, RFC 1662 §7.1).
    public static let initial = FrameFormat(accm: 0xFFFF_FFFF)
}
