public import NIOCore

/// Cuts the octets of an AT line into what they are: whole lines, prompts, counted payload, data.
///
/// It is told what comes next (`expectation`) before the next octet is looked at: `next()` takes one item at a time, so the
/// owner can switch between two octets of one read, as `CONNECT` asks for. A line ends with CR or LF (V.250 §5.7.1 sends CR LF,
/// `ATV0` and echoes a bare CR); empty lines mean nothing. It never looks for a word inside a line.
public struct LineFramer: Sendable {
    public enum Expectation: Sendable, Equatable {
        case lines
        /// Lines, or this octet at the start of a line, which has no line end.
        case prompt(UInt8)
        /// Octets that pass through.
        case data
    }

    public enum Item: Sendable, Equatable {
        case line(ATLine)
        case prompt
        case octets(ByteBuffer)
        /// The copy of a command that was sent. `isWhole` is false when other octets stood in front of it.
        case echo(isWhole: Bool)
        /// A bound was broken: what ran on is dropped up to the next line end.
        case babble(String)
    }

    private struct Announcement {
        var header: Int
        var octets: Int
        var trailer: Int
        /// By `answerPayload`, which says then where the octets end.
        var own: Exchange.AnswerPayload?
        /// Octets that were looked through for the end.
        var searched = 0
    }

    public var expectation = Expectation.lines
    public var introducers: [Introducer] = []
    /// Of the exchange that runs; comes before the introducers. Taken back, what it announced and is unfinished is lines again.
    public var answerPayload: Exchange.AnswerPayload? {
        didSet { if answerPayload == nil, announced?.own != nil { announced = nil } }
    }
    private let lineLimit: Int
    private let payloadLimit: Int
    private var buffer = ByteBuffer()
    /// Octets of the unfinished line that hold no line end.
    private var scanned = 0
    private var announced: Announcement?
    /// Whether every introducer said of the unfinished line that it is an ordinary one.
    private var isOrdinary = false
    /// Whether `answerPayload` said so.
    private var isNoAnswerPayload = false
    private var skipsLine = false
    private var swallowsBlank = false
    private var swallowsLineFeed = false
    private var echoes: [String] = []

    /// - Parameters:
    ///   - lineLimit: longest line in octets.
    ///   - payloadLimit: largest counted payload in octets.
    public init(lineLimit: Int = 4_096, payloadLimit: Int = 65_536) {
        self.lineLimit = max(1, lineLimit)
        self.payloadLimit = max(0, payloadLimit)
    }

    /// Octets that wait for more; never more than the limits and one read.
    public var bufferedOctets: Int { buffer.readableBytes }

    /// The command line that was sent, without CR: its copy in what comes is no line. The last eight are remembered.
    public mutating func expectEcho(of text: String) {
        echoes.append(text)
        if echoes.count > Self.echoLimit { echoes.removeFirst() }
    }

    public mutating func forgetEchoes() {
        echoes.removeAll(keepingCapacity: true)
    }

    /// Gives up on what is unfinished: a payload that was announced and never came must not swallow the next answers.
    public mutating func abandon() {
        buffer.clear()
        announced = nil
        answerPayload = nil
        startLine()
        skipsLine = false
    }

    public mutating func append(_ octets: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = octets
        } else {
            buffer.writeImmutableBuffer(octets)
        }
    }

    /// The next item of what was appended, nil when it needs more.
    public mutating func next() -> Item? {
        while buffer.readableBytes > 0 {
            if case .data = expectation { return data() }
            if announced == nil, scanned == 0, !skipsLine {
                dropSeparators()
                guard let first = buffer.readableBytesView.first else { break }
                if case .prompt(first) = expectation {
                    buffer.moveReaderIndex(forwardBy: 1)
                    swallowsBlank = true
                    return .prompt
                }
            }
            let step = if let announced { payload(announced) } else { line() }
            switch step {
            case .item(let item): return item
            case .again: continue
            case .needMore: return nil
            }
        }
        return nil
    }

    static let echoLimit = 8
    /// An echo behind other octets on its line counts from this length on.
    private static let embeddedEchoLength = 4
    private static let trailerLimit = 64
}

extension LineFramer {
    private enum Step {
        case item(Item)
        case again
        case needMore
    }

    private mutating func data() -> Item? {
        if swallowsLineFeed, buffer.readableBytesView.first == 0x0A { buffer.moveReaderIndex(forwardBy: 1) }
        swallowsLineFeed = false
        swallowsBlank = false
        let octets = buffer
        buffer = ByteBuffer()
        startLine()
        return octets.readableBytes == 0 ? nil : .octets(octets)
    }

    private mutating func payload(_ announcement: Announcement) -> Step {
        guard let own = announcement.own else { return payload(announcement, octets: announcement.octets) }
        var searched = announcement.searched
        let behind = buffer.readableBytesView.dropFirst(announcement.header)
        let ending = own.ending(in: behind, octets: announcement.octets, searched: &searched)
        switch ending {
        case .needMore:
            announced?.searched = searched
            return .needMore
        case .at(let octets): return payload(announcement, octets: octets)
        case .ordinary:
            announced = nil
            isNoAnswerPayload = true
            return .again
        case .broken:
            announced = nil
            return babble("other octets than the trailer behind \(announcement.octets)", skipping: false)
        }
    }

    private mutating func payload(_ announcement: Announcement, octets: Int) -> Step {
        let (header, trailer) = (announcement.header, announcement.trailer)
        guard buffer.readableBytes >= header + octets + trailer, let head = buffer.readSlice(length: header),
            let payload = buffer.readSlice(length: octets)
        else { return .needMore }
        buffer.moveReaderIndex(forwardBy: trailer)
        announced = nil
        startLine()
        return .item(.line(ATLine(Self.text(head.readableBytesView), payload: payload)))
    }

    /// Line ends and NULs between lines, and the one blank behind a prompt.
    private mutating func dropSeparators() {
        var count = 0
        for octet in buffer.readableBytesView {
            if swallowsBlank, octet == 0x20 {
                swallowsBlank = false
            } else if octet == 0x0D || octet == 0x0A || octet == 0 {
                swallowsBlank = false
            } else {
                break
            }
            count += 1
        }
        guard count > 0 else { return }
        buffer.moveReaderIndex(forwardBy: count)
        swallowsLineFeed = false
    }

    private mutating func line() -> Step {
        swallowsBlank = false
        let view = buffer.readableBytesView
        let end = view.dropFirst(scanned).firstIndex { $0 == 0x0D || $0 == 0x0A }
        let length = (end ?? view.endIndex) - view.startIndex
        if skipsLine { return skip(length, ended: end != nil) }
        guard length <= lineLimit else {
            return babble("a line of more than \(lineLimit) octets", skipping: end == nil)
        }
        if let end, let step = examineAnswer(view, end: end) { return step }
        switch examine(view, end: end) {
        case .needMore:
            scanned = length
            return .needMore
        case .payload(let header, let octets, let trailer):
            return announce(Announcement(header: header, octets: octets, trailer: trailer))
        case .line: break
        }
        guard end != nil else {
            scanned = length
            return .needMore
        }
        return finish(length)
    }

    private mutating func skip(_ length: Int, ended: Bool) -> Step {
        buffer.moveReaderIndex(forwardBy: length)
        scanned = 0
        skipsLine = !ended
        return ended ? .again : .needMore
    }

    private mutating func babble(_ words: String, skipping: Bool) -> Step {
        if skipping {
            buffer.clear()
        } else {
            let view = buffer.readableBytesView
            let end = view.firstIndex { $0 == 0x0D || $0 == 0x0A } ?? view.endIndex
            buffer.moveReaderIndex(forwardBy: end - view.startIndex)
        }
        startLine()
        skipsLine = skipping
        return .item(.babble(words))
    }

    private mutating func announce(_ announcement: Announcement) -> Step {
        guard announcement.header > 0, announcement.header <= buffer.readableBytes, announcement.octets >= 0,
            announcement.octets <= payloadLimit, announcement.trailer >= 0, announcement.trailer <= Self.trailerLimit
        else { return babble("an announcement of more than \(payloadLimit) octets", skipping: false) }
        announced = announcement
        return .again
    }

    private mutating func finish(_ length: Int) -> Step {
        guard let octets = buffer.readSlice(length: length) else { return .needMore }
        let text = Self.text(octets.readableBytesView)
        endLine(isDigit: text.utf8.count == 1 && text.utf8.allSatisfy { (0x30...0x39).contains($0) })
        startLine()
        if text.allSatisfy({ $0 == " " }) { return .again }
        if let isWhole = takeEcho(text) { return .item(.echo(isWhole: isWhole)) }
        return .item(.line(ATLine(text)))
    }

    /// Takes the line end. The LF of a CR LF may still be under way, and belongs to no data then. A numeric result code has
    /// none (V.250 §6.2.6): what stands behind its CR is data already.
    private mutating func endLine(isDigit: Bool) {
        guard let end: UInt8 = buffer.readInteger(), end == 0x0D, !isDigit else { return }
        if buffer.readableBytesView.first == 0x0A {
            buffer.moveReaderIndex(forwardBy: 1)
        } else {
            swallowsLineFeed = buffer.readableBytes == 0
        }
    }

    private mutating func startLine() {
        scanned = 0
        isOrdinary = false
        isNoAnswerPayload = false
    }

    /// What the whole line is to the exchange that runs; nil when it announces nothing to it.
    private mutating func examineAnswer(_ view: ByteBufferView, end: ByteBufferView.Index) -> Step? {
        guard let answerPayload, !isNoAnswerPayload else { return nil }
        let text = Self.text(view[..<end]).squeezed
        guard let octets = answerPayload.octets(behind: text) else { return nil }
        var header = view.distance(from: view.startIndex, to: end) + 1
        if view[end] == 0x0D {
            guard header < view.count else {
                scanned = header - 1
                return .needMore
            }
            if view[view.index(after: end)] == 0x0A { header += 1 }
        }
        return announce(
            Announcement(header: header, octets: octets, trailer: answerPayload.trailer, own: answerPayload))
    }

    /// What the introducers say of the unfinished line. One that still waits when the line has ended has said "a line".
    private mutating func examine(_ view: ByteBufferView, end: ByteBufferView.Index?) -> Introduction {
        guard !isOrdinary, !introducers.isEmpty else { return .line }
        let content = view[..<(end ?? view.endIndex)]
        let mine = introducers.filter { content.starts(with: $0.prefix.utf8) }
        guard !mine.isEmpty else {
            isOrdinary = end != nil || !introducers.contains { $0.prefix.utf8.starts(with: content) }
            return .line
        }
        var seen = view
        var isComplete = false
        if let end {
            let behind = view.index(after: end)
            let isFollowed = behind < view.endIndex
            let hasLineFeed = view[end] == 0x0D && isFollowed && view[behind] == 0x0A
            seen = view[..<(hasLineFeed ? view.index(after: behind) : behind)]
            isComplete = view[end] == 0x0A || isFollowed
        }
        var waits = false
        for introducer in mine {
            switch introducer.examine(seen) {
            case .payload(let header, let octets, let trailer):
                return .payload(header: header, octets: octets, trailer: trailer)
            case .needMore: waits = true
            case .line: break
            }
        }
        if waits, !isComplete { return .needMore }
        isOrdinary = true
        return .line
    }

    /// Whether the line is the copy of a command: exactly, or at its end when something unfinished stood in front of it.
    private mutating func takeEcho(_ text: String) -> Bool? {
        for (index, echo) in echoes.enumerated() {
            let isWhole = text == echo
            guard isWhole || (echo.utf8.count >= Self.embeddedEchoLength && text.hasSuffix(echo)) else { continue }
            echoes.removeFirst(index + 1)
            return isWhole
        }
        return nil
    }

    /// The octets as text: control characters, which are noise on a line, are dropped; what is no UTF-8 is replaced.
    private static func text(_ octets: ByteBufferView) -> String {
        let kept = octets.filter { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
        return String(decoding: kept, as: UTF8.self)
    }
}
