/// What one end takes of Van Jacobson's header compression: option 2 of IPCP (RFC 1332 §4).
public struct HeaderCompression: Sendable, Equatable {
    /// Connections whose headers it keeps: 1 to 256. Others go uncompressed, or take a slot from the one that is oldest.
    public var slots: Int
    /// Whether a frame may leave out which connection it is of: the receiver learns of every damaged frame.
    public var compressesSlot: Bool

    /// - Parameter slots: 16 as RFC 1144 proposes.
    public init(slots: Int = 16, compressesSlot: Bool = true) {
        self.slots = min(max(slots, 1), 256)
        self.compressesSlot = compressesSlot
    }

    /// Max-Slot-Id is the last slot's number.
    var optionValue: [UInt8] {
        [0x00, 0x2D, UInt8(clamping: slots - 1), compressesSlot ? 1 : 0]
    }

    /// nil for another protocol, as that of RFC 2509, and for the form of RFC 1172, which tells no slots.
    init?(optionValue value: [UInt8]) {
        guard value.count == 4, value[0] == 0x00, value[1] == 0x2D else { return nil }
        self.init(slots: Int(value[2]) + 1, compressesSlot: value[3] != 0)
    }

    /// What both take.
    func limited(to other: HeaderCompression) -> HeaderCompression {
        HeaderCompression(
            slots: min(slots, other.slots), compressesSlot: compressesSlot && other.compressesSlot)
    }
}
