import AT
import NIOCore

extension Introducer {
    /// No count of any dialect is larger; one that is announces nothing that we asked for.
    private static let largestPayload = 4096
    /// Longer lines announce no octets.
    private static let longestHeader = 64

    /// A whole line that announces octets behind its line end.
    ///
    /// - Parameter count: how many the line announces, given without its line end; nil: it is an ordinary one.
    init(prefix: String, count: @escaping @Sendable (_ line: String) -> Int?) {
        self.init(prefix: prefix) { octets in
            guard let end = octets.firstIndex(of: 0x0A) else {
                return octets.count > Self.longestHeader ? .line : .needMore
            }
            let header = octets.distance(from: octets.startIndex, to: end) + 1
            guard header <= Self.longestHeader else { return .line }
            var text = String(decoding: octets[..<end], as: UTF8.self)
            if text.utf8.last == 0x0D { text = String(decoding: text.utf8.dropLast(), as: UTF8.self) }
            guard let announced = count(text), announced > 0, announced <= Self.largestPayload else { return .line }
            return .payload(header: header, octets: announced, trailer: 0)
        }
    }
}
