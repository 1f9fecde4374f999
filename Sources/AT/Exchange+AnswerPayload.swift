import NIOCore

extension Exchange {
    /// Counted octets in an exchange's own answer, whose form alone does not tell them from other lines of the port: an
    /// `Introducer` cannot know them. Looked for from when the command is written until the exchange ends in whatever way.
    ///
    /// The octets are opaque, bounded by `LineProfile.payloadLimit` as those of introducers are, and arrive as `ATLine.payload`
    /// in `Answer.lines`, under whatever `responsePrefixes`.
    public enum AnswerPayload: Sendable, Equatable {
        /// Behind the information response with this prefix, as many as its parameter (counted from 0) says, then the
        /// modem's line end (`^SISR: 3,4` CR LF, four octets, CR LF). No count, or none above zero: an ordinary line.
        ///
        /// Where no CR stands behind the octets, nothing was announced: the line is the unsolicited one of the same form
        /// (`^SISR: 3,1`), and is published. With the socket's number in the prefix, lines of other sockets are none of it.
        case announced(prefix: String, parameter: Int)
        /// Behind this whole line so many, then the trailer, which belongs to neither (`CONNECT` CR LF, the octets,
        /// `--EOF--Pattern--`); a negative number: an ordinary line.
        ///
        /// Fewer end where the trailer comes with a final `OK` line behind it, so a peer must not know the trailer: the dialect
        /// sets an own one, or asks for what is there and no more. The trailer neither there nor at the number is babble;
        /// when too little comes, the exchange's timeout ends it. An empty trailer leaves the number alone to count.
        case behind(line: String, octets: Int, trailer: [UInt8])
    }
}

extension Exchange.AnswerPayload {
    /// Where announced octets end, as far as what came tells.
    enum Ending: Equatable {
        case needMore
        /// So many, then the trailer.
        case at(octets: Int)
        /// The line announced nothing.
        case ordinary
        /// What had to stand behind the octets does not.
        case broken
    }

    /// How many octets the whole line announces, without blanks (`squeezed`); nil when it is an ordinary one.
    func octets(behind text: String) -> Int? {
        switch self {
        case .announced(let prefix, let parameter):
            guard text.hasPrefix(prefix.squeezed) else { return nil }
            let parameters = text.parameters
            guard parameter >= 0, parameter < parameters.count, let octets = Int(parameters[parameter]), octets > 0
            else { return nil }
            return octets
        case .behind(let line, let octets, _): return octets >= 0 && text == line.squeezed ? octets : nil
        }
    }

    /// - Parameters:
    ///   - view: what came behind the line.
    ///   - octets: announced.
    ///   - searched: octets in front of which no trailer stands for sure; moved on.
    func ending(in view: ByteBufferView, octets: Int, searched: inout Int) -> Ending {
        switch self {
        case .announced:
            guard view.count > octets else { return .needMore }
            return view[view.startIndex + octets] == 0x0D ? .at(octets: octets) : .ordinary
        case .behind(_, _, let trailer):
            if trailer.isEmpty { return view.count < octets ? .needMore : .at(octets: octets) }
            while searched < octets {
                let rest = view.dropFirst(searched)
                // Too little to tell.
                guard rest.count >= trailer.count else { return .needMore }
                if rest.starts(with: trailer) {
                    let behind = rest.dropFirst(trailer.count)
                    if behind.starts(with: Self.end) { return .at(octets: searched) }
                    let isUndecided = behind.count < Self.end.count && Self.end.starts(with: behind)
                    if isUndecided { return .needMore }
                }
                searched += 1
            }
            let rest = view.dropFirst(octets)
            guard rest.count >= trailer.count else { return .needMore }
            return rest.starts(with: trailer) ? .at(octets: octets) : .broken
        }
    }

    var trailer: Int {
        switch self {
        case .announced: 0
        case .behind(_, _, let trailer): trailer.count
        }
    }

    private static let end = Array("\r\nOK\r\n".utf8)
}
