public import NIOCore

/// Octets that no log, error, transcript or argument list may show: they print as `<redacted>`.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let octets: [UInt8]

    public init(_ octets: some Sequence<UInt8>) {
        self.octets = Array(octets)
    }

    public init(_ text: String) {
        self.init(text.utf8)
    }

    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
    public var isEmpty: Bool { octets.isEmpty }
    public var count: Int { octets.count }

    /// The octets, for the one place that puts them on the wire.
    public func reveal() -> [UInt8] { octets }

    /// The octets as text, nil when they are no UTF-8.
    public func revealText() -> String? { String(validating: octets, as: UTF8.self) }

    public func write(into buffer: inout ByteBuffer) {
        buffer.writeBytes(octets)
    }
}
