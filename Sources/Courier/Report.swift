public import Bearer
public import ByteStreams
public import Scopes

/// The end of one delivery, for one recipient.
public struct RecipientReport: Sendable, Equatable {
    public enum Verdict: String, Sendable, Equatable {
        case accepted
        /// The server says: later.
        case deferred
        case refused
        /// No server was asked about it, or the answer never came.
        case undecided
    }

    public let address: String
    public let verdict: Verdict
    /// The server's reply, one line; nil where none came.
    public let reply: String?
    /// Where in the dialogue it was decided: `RCPT`, `message`; nil where no reply decided it.
    public let step: String?
    /// The reply's code, and its enhanced status code where it has one (`5.1.1`).
    public let code: Int?
    public let enhancedCode: String?

    public init(
        address: String, verdict: Verdict, reply: String?, step: String? = nil, code: Int? = nil,
        enhancedCode: String? = nil
    ) {
        self.address = address
        self.verdict = verdict
        self.reply = reply
        self.step = step
        self.code = code
        self.enhancedCode = enhancedCode
    }
}

/// What became of a message, and what it took.
public struct Report: Sendable {
    public enum Outcome: String, Sendable, Equatable {
        /// Every recipient was accepted.
        case sent
        /// Some recipients were accepted.
        case partly
        /// Nothing was accepted; trying again may help.
        case deferred
        /// Nothing was accepted, for good.
        case refused
        /// The link was lost between the last octet and the reply: it may have been delivered.
        case perhapsDelivered = "perhaps-delivered"
        /// It came not so far that a server judged it.
        case failed
    }

    public struct Session: Sendable, Equatable {
        public var protocolName: String
        public var cipher: String
        public var resumed: Bool

        public init(protocolName: String, cipher: String, resumed: Bool) {
            self.protocolName = protocolName
            self.cipher = cipher
            self.resumed = resumed
        }
    }

    public var outcome: Outcome
    public var exitStatus: ExitStatus
    public var recipients: [RecipientReport] = []
    /// Why, when it was not sent.
    public var failure: (any Failure)?
    /// Further lines of explanation: a certificate chain as received.
    public var explanation: [String] = []
    /// What the sender should know although it stopped nothing.
    public var notes: [String] = []
    public var phases: [PhaseRecord] = []
    public var teardown: [TeardownStep] = []
    public var session: Session?
    public var messageID: String?
    /// Octets of the message as handed to the server, before transparency.
    public var messageOctets: Int?
    /// The connection to the server, TCP payload both ways.
    public var total = StreamCount()
    /// Which bearer carried it: `socket (quectel)`, `interface eth0`.
    public var via: String?
    /// Why, where `auto` chose it.
    public var viaReason: String?
    /// What the link of PPP negotiated, and what passed over it.
    public var link: LinkFacts?
    public var counts: LinkCounts?
    public var modem: String?
    /// Deliveries that were tried, this one included.
    public var attempts = 1
    public var duration: Duration = .zero

    public init(outcome: Outcome, exitStatus: ExitStatus) {
        self.outcome = outcome
        self.exitStatus = exitStatus
    }

    public var isTeardownClean: Bool { teardown.allSatisfy(\.isClean) }
}

extension Report {
    /// The result for stdout: one line on success, and one a recipient where they differ.
    public var resultLines: [String] {
        var lines: [String] = []
        switch outcome {
        case .sent:
            let octets = messageOctets.map { ", \($0) octets" } ?? ""
            lines.append(
                "sent to \(recipients.count == 1 ? recipients[0].address : "\(recipients.count) recipients")\(octets)")
        case .partly, .deferred, .refused, .perhapsDelivered, .failed:
            for recipient in recipients {
                let reply = recipient.reply.map { ": \($0.printable())" } ?? ""
                lines.append("\(recipient.address) \(recipient.verdict.rawValue)\(reply)")
            }
        }
        return lines
    }

    /// Why it was not sent, in one line for stderr; nil when it was.
    public var errorLine: String? {
        if outcome == .perhapsDelivered {
            let reason = failure.map { ": \($0.summary)" } ?? ""
            return "the message was perhaps delivered\(reason); ask the recipient before you send it again"
        }
        if let failure { return failure.line }
        switch outcome {
        case .sent: return nil
        case .partly:
            let count = recipients.count { $0.verdict != .accepted }
            return "\(count) of \(recipients.count) recipients did not get the message; the reply for each says why"
        case .deferred: return "the server did not take the message now; try again later"
        case .refused: return "the server refused the message"
        case .perhapsDelivered, .failed: return "the message was not sent"
        }
    }

    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("outcome", .string(outcome.rawValue)),
            .init("exit_status", .integer(Int(exitStatus.rawValue))),
            .init("recipients", .array(recipients.map(\.json))),
        ]
        if let failure { members.append(.init("error", JSONValue(failure))) }
        if !notes.isEmpty { members.append(.init("notes", .array(notes.map { .string($0) }))) }
        if !explanation.isEmpty { members.append(.init("explanation", .array(explanation.map { .string($0) }))) }
        if let messageID { members.append(.init("message_id", .string(messageID))) }
        if let messageOctets { members.append(.init("message_octets", .integer(messageOctets))) }
        if let modem { members.append(.init("modem", .string(modem))) }
        if let via { members.append(.init("via", .string(via))) }
        if let viaReason { members.append(.init("via_reason", .string(viaReason))) }
        if let link { members.append(.init("link", link.json(counts))) }
        if let session {
            members.append(
                .init(
                    "tls",
                    .object([
                        .init("protocol", .string(session.protocolName)), .init("cipher", .string(session.cipher)),
                        .init("resumed", .bool(session.resumed)),
                    ])))
        }
        members.append(.init("phases", .array(phases.map(\.json))))
        members.append(.init("teardown", .array(teardown.map(\.json))))
        members.append(.init("up", .integer(total.up)))
        members.append(.init("down", .integer(total.down)))
        members.append(.init("round_trips", .integer(total.roundTrips)))
        members.append(.init("attempts", .integer(attempts)))
        members.append(.init("seconds", .seconds(duration)))
        return .object(members)
    }
}

extension JSONValue {
    /// With `class`, `summary` and `advice`.
    init(_ failure: any Failure) {
        self = .object([
            .init("class", .string(failure.failureClass.rawValue)), .init("summary", .string(failure.summary)),
            .init("advice", failure.advice.map { .string($0) } ?? .null),
        ])
    }
}

extension RecipientReport {
    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("address", .string(address)), .init("verdict", .string(verdict.rawValue)),
            .init("reply", reply.map { .string($0.printable()) } ?? .null),
        ]
        if let step { members.append(.init("step", .string(step))) }
        if let code { members.append(.init("code", .integer(code))) }
        if let enhancedCode { members.append(.init("enhanced_code", .string(enhancedCode))) }
        return .object(members)
    }
}

extension PhaseRecord {
    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(phase.rawValue)), .init("start", .seconds(start)),
            .init("seconds", .seconds(duration)),
            .init("up", .integer(count?.up ?? 0)), .init("down", .integer(count?.down ?? 0)),
            .init("round_trips", .integer(count?.roundTrips ?? 0)),
        ]
        if let commands { members.append(.init("commands", .integer(commands))) }
        if let note { members.append(.init("note", .string(note))) }
        if failed { members.append(.init("failed", .bool(true))) }
        return .object(members)
    }
}

extension TeardownStep {
    var json: JSONValue {
        var members: [JSONValue.Member] = [.init("name", .string(name))]
        switch outcome {
        case .done: members.append(.init("outcome", .string("done")))
        case .notNeeded: members.append(.init("outcome", .string("not-needed")))
        case .cut: members.append(.init("outcome", .string("cut")))
        case .failed(let words):
            members.append(.init("outcome", .string("failed")))
            members.append(.init("error", .string(words)))
        }
        members.append(.init("seconds", .seconds(duration)))
        return .object(members)
    }
}
