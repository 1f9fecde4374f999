import NIOCore

/// Looks for the text by which a modem says, within payload, that the connection has ended; and holds back what may be it.
struct EndTextScanner: Sendable {
    enum Suspicion: Sendable, Equatable {
        case none
        /// The held octets begin like the text, as far as they go.
        case tail
        /// The held octets begin with the whole text.
        case whole
    }

    private let text: [UInt8]
    private let longestSuspicion: Int
    /// To be read.
    private var clear = ByteBuffer()
    /// Not to be read before the suspicion is settled.
    private var held = ByteBuffer()

    /// - Parameters:
    ///   - text: empty: nothing is ever suspected.
    ///   - longestSuspicion: octets behind the whole text from which on all is payload.
    init(text: [UInt8], longestSuspicion: Int) {
        self.text = text
        self.longestSuspicion = longestSuspicion
    }

    var suspicion: Suspicion {
        if held.readableBytes == 0 { return .none }
        return held.readableBytes >= text.count ? .whole : .tail
    }

    mutating func append(_ octets: ByteBuffer) {
        var octets = octets
        held.writeBuffer(&octets)
        settle()
    }

    /// The held octets are payload, all of them.
    mutating func release() {
        clear.writeBuffer(&held)
        held.clear()
    }

    /// The text was the end: it, and what stands behind it, is no payload.
    mutating func discardSuspicion() {
        held.clear()
    }

    mutating func take(atMost: Int) -> ByteBuffer? {
        guard clear.readableBytes > 0 else { return nil }
        let slice = clear.readSlice(length: min(atMost, clear.readableBytes))
        clear.discardReadBytes()
        return slice
    }

    /// Moves to the reader what stands before the first place at which the text may begin.
    private mutating func settle() {
        guard !text.isEmpty else { return release() }
        while let start = firstMatch(in: held.readableBytesView) {
            moveToClear(start - held.readerIndex)
            guard held.readableBytes > text.count + longestSuspicion else { return }
            // The text itself was payload; it may begin anew behind its first octet.
            moveToClear(1)
        }
        release()
    }

    private mutating func moveToClear(_ count: Int) {
        guard count > 0, var slice = held.readSlice(length: count) else { return }
        clear.writeBuffer(&slice)
        held.discardReadBytes()
    }

    /// The first place from which on the octets are the text, or its beginning up to their end.
    private func firstMatch(in view: ByteBufferView) -> ByteBufferView.Index? {
        guard let first = text.first else { return nil }
        var from = view.startIndex
        while let start = view[from...].firstIndex(of: first) {
            let length = min(text.count, view.distance(from: start, to: view.endIndex))
            if view[start...].prefix(length).elementsEqual(text.prefix(length)) { return start }
            from = view.index(after: start)
        }
        return nil
    }
}
