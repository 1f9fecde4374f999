public import NIOCore

/// Octets of the line to frames (RFC 1662).
///
/// A frame is good when its FCS is (RFC 1662 §4.3); all others are counted, told and dropped. Compressed and whole forms of address,
/// control and protocol are taken at any time. What the modem says in plain text, before the first flag or when it drops out of
/// data mode, is given out beside the frames: see `LineTextReader`.
///
/// Holds one unfinished frame, of at most the largest one that is accepted, and one unfinished line of text.
public struct HDLCDecoder: Sendable {
    public enum Output: Sendable, Equatable {
        case frame(PPPFrame)
        case damaged(FrameDamage)
        /// A line that is no part of a frame, without its line end; at most 256 octets.
        case text(ByteBuffer)
    }

    /// Control characters that the peer escapes: one that comes bare was put in on the way, and is dropped (RFC 1662 §4.2).
    public var accm: UInt32
    /// The largest information field that is accepted, with padding, in octets.
    public let informationLimit: Int
    public private(set) var counters = FrameCounters()
    private var state = FrameCutter.State.banner
    /// The unfinished frame.
    private var octets = ByteBuffer()
    private var text = LineTextReader()
    /// The memory of the last call, for the next one.
    private var spareEnds: [FrameCutter.End] = []

    /// - Parameters:
    ///   - accm: that the peer was asked to keep; all until it has agreed.
    ///   - informationLimit: 1 to 65,535 octets; every receiver takes 1,500 (RFC 1661 §6.1).
    public init(accm: UInt32 = FrameFormat.initial.accm, informationLimit: Int = 1_500) {
        self.accm = accm
        self.informationLimit = min(max(informationLimit, 1), 65_535)
    }

    /// Octets that wait for more.
    public var bufferedOctets: Int { octets.readableBytes + text.bufferedOctets }

    /// Whether the unfinished frame ends with `NO CARRIER` as a line of its own, and at most a few lines of text behind it.
    ///
    /// The modem may have left data mode, or the words are payload. They are payload if the frame ends well, and the modem's if
    /// the line stays silent: the owner waits for a moment. Where `accm` has CR and LF, no payload has them bare, and the words
    /// are given out as `.text` at once.
    public var isLineEndSuspected: Bool { text.isLineEndSuspected }

    /// Takes all octets, or those up to the end of an LCP frame: the owner may change `accm` before it calls again with the rest.
    ///
    ///     while octets.readableBytes > 0 { decoder.decode(&octets, into: &outputs); … }
    ///
    /// The frames of one call share their memory, which has about the size of `octets`.
    public mutating func decode(_ octets: inout ByteBuffer, into outputs: inout [Output]) {
        if case .banner = state { readBanner(&octets, into: &outputs) }
        guard octets.readableBytes > 0 else { return }
        let line = octets.readableBytesView
        let cutter = cut(line)
        octets.moveReaderIndex(forwardBy: cutter.read)
        for end in cutter.ends { finish(end, of: line, into: &outputs) }
        spareEnds = cutter.ends
        self.octets.moveReaderIndex(to: cutter.start)
        readText(line, cutter.rest, into: &outputs)
    }
}

extension HDLCDecoder {
    private mutating func readBanner(_ line: inout ByteBuffer, into outputs: inout [Output]) {
        let view = line.readableBytesView
        let flag = view.firstIndex(of: HDLC.flag)
        let banner = view[..<(flag ?? view.endIndex)]
        text.read(banner, isCertain: false, into: &outputs)
        line.moveReaderIndex(forwardBy: banner.count)
        guard flag != nil else { return }
        line.moveReaderIndex(forwardBy: 1)
        _ = text.end(into: &outputs)
        state = .frame
    }

    private mutating func finish(_ end: FrameCutter.End, of line: ByteBufferView, into outputs: inout [Output]) {
        switch end.outcome {
        case .frame(let number, let range):
            // The range lies in what was just written.
            guard let information = octets.getSlice(at: range.lowerBound, length: range.count) else { return }
            counters.good += 1
            text.reset()
            outputs.append(.frame(PPPFrame(protocolNumber: number, information: information)))
        case .empty:
            readText(line, end.raw, into: &outputs)
            _ = text.end(into: &outputs)
        case .damaged(let damage):
            readText(line, end.raw, into: &outputs)
            if text.end(into: &outputs) { return }
            counters.count(damage)
            outputs.append(.damaged(damage))
        }
    }

    private mutating func readText(_ line: ByteBufferView, _ range: Range<Int>, into outputs: inout [Output]) {
        guard !range.isEmpty else { return }
        text.read(
            line.dropFirst(range.lowerBound).prefix(range.count), isCertain: accm & Self.lineEnds == Self.lineEnds,
            into: &outputs)
    }

    private mutating func cut(_ line: ByteBufferView) -> FrameCutter {
        spareEnds.removeAll(keepingCapacity: true)
        var cutter = FrameCutter(state: state, informationLimit: informationLimit, ends: spareEnds)
        spareEnds = []
        octets.discardReadBytes()
        let held = octets.readableBytes
        let accm = accm
        octets.reserveCapacity(minimumWritableBytes: line.count)
        // The place begins with the unfinished frame, and has room for all of the line. Neither pointer leaves its closure.
        let written = unsafe octets.withVeryUnsafeMutableBytes { place in
            unsafe line.withUnsafeBytes { source in
                guard let source = source.baseAddress, let target = place.baseAddress else { return held }
                var unescaping = unsafe Unescaping(
                    source: source, sourceCount: line.count, target: target, accm: accm, written: held)
                unsafe cutter.cut(&unescaping)
                return unsafe unescaping.written
            }
        }
        octets.moveWriterIndex(to: written)
        state = cutter.state
        return cutter
    }

    /// CR and LF.
    private static let lineEnds: UInt32 = 1 << 0x0D | 1 << 0x0A
}
