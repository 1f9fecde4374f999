public import NIOCore

/// A dialogue on an AT line that can be played again: what `modemail --transcript` recorded, or what a person wrote.
///
/// How it is written: `grammar`. What is redacted matches anything from the host, and is made up towards it.
public struct Transcript: Sendable, Equatable {
    public var steps: [Step]
    /// What the S-registers hold (V.250 §6.2): as recorded, else CR 13, LF 10, BS 8.
    var registers = [3: 13, 4: 10, 5: 8]

    public struct Step: Sendable, Equatable {
        /// Of the file, counted from 1.
        public var line: Int
        /// Since the port was opened; nil where none is written.
        public var time: TimeAmount?
        public var event: Event

        public init(line: Int, time: TimeAmount? = nil, _ event: Event) {
            self.line = line
            self.time = time
            self.event = event
        }
    }

    public enum Event: Sendable, Equatable {
        /// A command line of the host's, without the CR that ends it.
        case command([Element])
        /// Octets of the host's, whatever they mean.
        case octets([Element])
        /// What the modem says, line ends included.
        case modem([Element])
        /// The host opened the port; it is time zero.
        case opened
        /// The host closed the port.
        case closed
        /// The modem vanished.
        case lost
    }

    public enum Element: Sendable, Equatable {
        case literal([UInt8])
        /// So many octets of any value.
        case counted(Int)
        /// So many decimal digits of any value.
        case digits(Int)
        /// A secret: any octets but CR.
        case redacted
    }

    public init(_ steps: [Step]) {
        self.steps = steps
    }

    /// How transcripts are written, for `--help`.
    public static let grammar = """
        A transcript has one step a line; empty lines, and lines that begin with `#`, are comments. `+S.mmm ` in front of a step is
        its time since the port was opened.

          > AT+CSQ               the host sends this line (a CR ends it)
          < +CSQ: 20,99          the modem sends this line (CR LF around it)
          < +QIRD: 4 (4 octets)  the line, and 4 octets behind it, which are made up
          > (4 octets)           4 octets of payload or data, of any value; `<` alike
          < >                    the prompt: CR LF, `>` and a blank
          > +++                  the escape sequence; also > <CR>, > <ESC>
          = opened, = closed     the host opens or closes the port
          = lost                 the device vanishes

          >> AT+CSQ<CR>          octets as written, with <CR> <LF> <ESC> <^Z> and <HH> for others; a command without <CR>
                                 at its end gets one when it begins with AT
          << <CR><LF>> <CR>      alike; what holds neither <CR> nor <LF> is a line, with CR LF around it

        `<redacted>` in the host's line matches any octets; `<15 digits>` stands for so many decimal digits. Questions for
        S-registers in a row (ATS3?S4?…), which differ from run to run, are answered by the register, wherever they come.
        """

    // Bounds: a mail of 25 MB is recorded in about 100,000 lines.
    static let stepLimit = 1_000_000
    static let lineLimit = 8_192
    static let payloadLimit = 1 << 20
}
