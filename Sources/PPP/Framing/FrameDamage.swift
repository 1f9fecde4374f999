/// Why a frame was dropped.
public enum FrameDamage: Sendable, Equatable, CaseIterable {
    /// By its sender: 7D 7E (RFC 1662 §4.3).
    case aborted
    case badFCS
    /// Fewer than four octets, or no room for a protocol.
    case tooShort
    /// More than the limit of the decoder.
    case tooLong
    /// The FCS is good, and the address is FF without control 03 behind it.
    case unknownControl
}

/// Frames that came, since the decoder was made.
public struct FrameCounters: Sendable, Equatable {
    public internal(set) var good = 0
    public internal(set) var aborted = 0
    public internal(set) var badFCS = 0
    public internal(set) var tooShort = 0
    public internal(set) var tooLong = 0
    public internal(set) var unknownControl = 0

    public init() {}

    public var damaged: Int { aborted + badFCS + tooShort + tooLong + unknownControl }

    mutating func count(_ damage: FrameDamage) {
        switch damage {
        case .aborted: aborted += 1
        case .badFCS: badFCS += 1
        case .tooShort: tooShort += 1
        case .tooLong: tooLong += 1
        case .unknownControl: unknownControl += 1
        }
    }
}
