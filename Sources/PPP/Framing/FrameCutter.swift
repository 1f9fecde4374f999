/// One look at the line: where frames end, and what they are. Ranges of the line count from where the look began.
struct FrameCutter {
    enum State {
        /// No flag has come yet.
        case banner
        case frame
        /// The last octet was 7D.
        case escape
        /// The frame is longer than any that is accepted, and is dropped up to its flag.
        case skipping
    }

    /// A flag, and what stood before it.
    struct End {
        var outcome: Outcome
        /// What came since the flag before, of the line; the unfinished frame may have begun earlier.
        var raw: Range<Int>
    }

    enum Outcome {
        /// `information`: of what was unescaped.
        case frame(protocolNumber: UInt16, information: Range<Int>)
        case damaged(FrameDamage)
        case empty
    }

    private(set) var state: State
    private let informationLimit: Int
    private(set) var ends: [End]
    private(set) var read = 0
    /// Where the unfinished frame begins, of what was unescaped.
    private(set) var start = 0
    /// What came since the last flag, of the line.
    private(set) var rest = 0..<0

    /// - Parameter ends: none, with memory for some.
    init(state: State, informationLimit: Int, ends: [End]) {
        self.state = state
        self.informationLimit = informationLimit
        self.ends = ends
    }

    /// Up to the end of an LCP frame, or to the end.
    mutating func cut(_ unescaping: inout Unescaping) {
        unsafe unescaping.isEscaped = state == .escape
        var rawStart = 0
        // Both places outlive this call.
        reading: while unsafe unescaping.read < unescaping.sourceCount {
            if state == .skipping {
                guard unsafe unescaping.skipToFlag() else { break }
                state = .frame
                ends.append(End(outcome: .damaged(.tooLong), raw: unsafe rawStart..<(unescaping.read - 1)))
                rawStart = unsafe unescaping.read
                continue
            }
            switch unsafe unescaping.run(limit: start + informationLimit + HDLC.overhead) {
            case .end: break reading
            case .limit:
                unsafe unescaping.written = start
                unsafe unescaping.isEscaped = false
                state = .skipping
            case .flag:
                let end = unsafe End(
                    outcome: judge(unescaping, from: start), raw: rawStart..<(unescaping.read - 1))
                unsafe unescaping.isEscaped = false
                rawStart = unsafe unescaping.read
                if case .empty = end.outcome, end.raw.isEmpty, !ends.isEmpty { continue }
                ends.append(end)
                if case .frame = end.outcome { start = unsafe unescaping.written }
                unsafe unescaping.written = start
                if case .frame(HDLC.linkControlProtocol, _) = end.outcome { break reading }
            }
        }
        if state != .skipping { state = unsafe unescaping.isEscaped ? .escape : .frame }
        read = unsafe unescaping.read
        rest = rawStart..<read
    }

    /// What the octets from `start` on are, behind which a flag has come.
    private func judge(_ unescaping: Unescaping, from start: Int) -> Outcome {
        // The frame was written just now, and lies within the place.
        let frame = unsafe UnsafeRawBufferPointer(
            start: unescaping.target + start, count: unescaping.written - start)
        if unsafe unescaping.isEscaped { return .damaged(.aborted) }
        if frame.count == 0 { return .empty }
        guard frame.count >= HDLC.shortestFrame else { return .damaged(.tooShort) }
        guard unsafe FCS16.update(FCS16.initial, with: frame) == FCS16.good else { return .damaged(.badFCS) }
        let end = frame.count - HDLC.fcsOctets
        var header = 0
        if unsafe frame[0] == HDLC.address {
            guard unsafe frame[1] == HDLC.control else { return .damaged(.unknownControl) }
            header = 2
        }
        guard header < end else { return .damaged(.tooShort) }
        var number = unsafe UInt16(frame[header])
        header += 1
        if number & 1 == 0 {
            guard header < end else { return .damaged(.tooShort) }
            number = unsafe number << 8 | UInt16(frame[header])
            header += 1
        }
        guard end - header <= informationLimit else { return .damaged(.tooLong) }
        return .frame(protocolNumber: number, information: (start + header)..<(start + end))
    }
}
