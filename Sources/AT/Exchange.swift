public import NIOCore

/// One turn on the AT line as data: a command, the go-ahead for its payload, the payload, and what completes it.
///
/// The vocabulary covers the socket commands of every dialect (the matrix of go-aheads, write confirmations and open
/// completions), so that a dialect is a list of these and never code in the engine. An `ATCommand` is the plain case.
///
/// Octets that the modem counts in a line are cut out by the port's `Introducer`s where the line's form tells them, and by
/// `answerPayload` where only the exchange that runs does.
public struct Exchange: Sendable, Equatable {
    public var text: CommandText
    /// Prefixes of the information responses (`+QIRD:`). Any other line that is no final result code is unsolicited.
    public var responsePrefixes: [String]
    /// Whether its information responses have no prefix (`AT+CGMI`).
    public var answersBareLines: Bool
    public var payload: Payload?
    /// Counted octets of its own answer; nil, the default: those alone that an introducer knows.
    public var answerPayload: AnswerPayload?
    public var completion: Completion
    /// Final result codes beyond the standard ones: `SEND FAIL`, `CLOSE OK`.
    public var finals: [VendorFinal]
    /// From the command's last octet written until completion; with a URC completion until the final result code.
    public var timeout: TimeAmount
    /// Whether any octet written while it runs aborts it (V.250 §5.6.1), so that its cancellation may write one.
    public var isAbortable: Bool
    /// Whether its answer holds what no transcript may show (IMSI, ICCID, a password that was read back).
    public var answerIsSecret: Bool
    /// Whether it belongs to a running stream of exchanges, which have no gap between them (`LineProfile.gap`).
    public var isStreaming: Bool

    public init(
        _ text: CommandText, responsePrefixes: [String] = [], answersBareLines: Bool = false, payload: Payload? = nil,
        answerPayload: AnswerPayload? = nil, completion: Completion = .finalResultCode, finals: [VendorFinal] = [],
        timeout: TimeAmount = .seconds(5),
        isAbortable: Bool = false, answerIsSecret: Bool = false, isStreaming: Bool = false
    ) {
        self.text = text
        self.responsePrefixes = responsePrefixes
        self.answersBareLines = answersBareLines
        self.payload = payload
        self.answerPayload = answerPayload
        self.completion = completion
        self.finals = finals
        self.timeout = timeout
        self.isAbortable = isAbortable
        self.answerIsSecret = answerIsSecret
        self.isStreaming = isStreaming
    }

    /// Octets that follow the command once the modem says so.
    public struct Payload: Sendable, Equatable {
        public var goAhead: GoAhead
        public var octets: ByteBuffer
        /// Written behind the payload: the end pattern of modes that have one; empty for counted sends.
        public var trailer: [UInt8]

        public init(goAhead: GoAhead, octets: ByteBuffer, trailer: [UInt8] = []) {
            self.goAhead = goAhead
            self.octets = octets
            self.trailer = trailer
        }
    }

    /// What the modem says before payload may be written. A final result code in its place ends the exchange, and no octet
    /// of payload is written.
    public enum GoAhead: Sendable, Equatable {
        /// The payload follows the command line at once.
        case none
        /// A character at the start of a line, without a line end (`>`, `@`); a blank behind it is swallowed when it comes,
        /// never waited for. Then `pause` passes (50 ms where the maker asks for it).
        case prompt(UInt8, pause: TimeAmount)
        /// A whole line, by its exact text or its first word: `CONNECT`, `OK`.
        case line(String)
        /// An information response with this prefix whose parameter (counted from 0) grants a number of octets, which may be
        /// fewer than offered (`^SISW: 0,1460,0`); exactly that many are written.
        case granted(prefix: String, parameter: Int)
    }

    /// What ends the exchange with success. The standard and vendor finals of failure end it in any case.
    public enum Completion: Sendable, Equatable {
        /// A final result code, as of any command.
        case finalResultCode
        /// A line in place of the final result code: `SEND OK`, `DATA ACCEPT:`, `SHUT OK`.
        case lineInstead([LinePattern])
        /// The final result code, then a line that matches, within a limit of its own that starts at the final result code:
        /// `+QIOPEN: 0,0`. While it waits for that line, the port may run other exchanges.
        case finalThenLine(LinePattern, limit: TimeAmount)
        /// The final result code and a line that matches, in either order.
        case finalAndLine(LinePattern, limit: TimeAmount)
        /// The first line of any text that is no known URC: `AT+CIFSR`.
        case bareLine
        /// An information response of this form, which some firmwares leave without a final result code; one that follows at
        /// once is its own: `+CPIN?` of Wavecom's.
        case lineWithoutFinal(LinePattern)
        /// `CONNECT`: the line is in data mode from the octet behind its line end on. A failure is a final result code; an
        /// `OK` in front of `CONNECT` is waited through (some transparent opens send both).
        case dataMode
        /// Of a command whose kind nobody knows: any final result code, `CONNECT` among them, behind which the line is in data
        /// mode as with `dataMode`.
        case anyFinal
    }

    /// A final result code of a vendor's.
    public struct VendorFinal: Sendable, Equatable {
        public var pattern: LinePattern

        public init(_ pattern: LinePattern) {
            self.pattern = pattern
        }
    }

    /// How one exchange ended on the line: every case but the last is the modem's own answer.
    public struct Answer: Sendable, Equatable {
        /// Its information responses, in order, with their payloads.
        public var lines: [ATLine]
        /// `.ok` when a line stood in for the final result code.
        public var result: FinalResultCode
        /// The line that completed it where that was not the final result code.
        public var completingLine: ATLine?
        /// Payload octets written: all, none, or what was granted.
        public var octetsWritten: Int

        public init(
            lines: [ATLine] = [], result: FinalResultCode = .ok, completingLine: ATLine? = nil, octetsWritten: Int = 0
        ) {
            self.lines = lines
            self.result = result
            self.completingLine = completingLine
            self.octetsWritten = octetsWritten
        }
    }
}

/// A whole line by its form. Matching is on the trimmed line; blanks after a colon or comma are optional on both sides.
public enum LinePattern: Sendable, Equatable {
    case exactly(String)
    case prefix(String)
    /// The prefix, then the parameter behind it equal to the number: `+QIOPEN: 3,` belongs to socket 3.
    case numbered(prefix: String, first: Int)
    /// The number, then the text: `3, CONNECT OK`, `3,SEND OK`.
    case leading(Int, suffix: String)
}

extension Exchange {
    /// The plain exchange of a typed command.
    public init(_ command: some ATCommand) {
        self.init(
            command.text, responsePrefixes: command.responsePrefixes, answersBareLines: command.answersBareLines,
            completion: command.completion, timeout: command.timeout, answerIsSecret: command.answerIsSecret)
    }
}
