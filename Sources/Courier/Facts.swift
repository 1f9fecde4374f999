import Bearer
import ByteStreams
import Scopes
import Synchronization
import TLS

/// What one attempt learns on its way, for the report that is written whatever way it ends.
final class Facts: Sendable {
    fileprivate struct State {
        var via: String?
        var viaReason: String?
        var link: LinkFacts?
        var counts: LinkCounts?
        var modem: String?
        var session: Report.Session?
        var messageOctets: Int?
        var total: (@Sendable () -> StreamCount)?
        var messageLeft = false
        var networkTime: WallTime?
        var notes: [String] = []
    }

    private let state = Mutex(State())

    func note(via: String) { state.withLock { $0.via = via } }
    /// Why `auto` chose it.
    func note(viaReason: String) { state.withLock { $0.viaReason = viaReason } }
    func note(link: LinkFacts?) { state.withLock { $0.link = link } }
    func note(counts: LinkCounts?) { state.withLock { $0.counts = counts } }
    func note(modem: String) { state.withLock { $0.modem = modem } }
    func note(session: Report.Session) { state.withLock { $0.session = session } }
    func note(messageOctets: Int) { state.withLock { $0.messageOctets = messageOctets } }
    /// Of a further connection, it counts on top of what the earlier ones had.
    func note(total: @escaping @Sendable () -> StreamCount) {
        state.withLock { state in
            let before = state.total?() ?? StreamCount()
            state.total = { before + total() }
        }
    }
    /// Something that the sender should know although it stopped nothing: once, however often it is said.
    func note(_ words: String) {
        state.withLock { if !$0.notes.contains(words) { $0.notes.append(words) } }
    }
    /// The first octet of the message was handed to the link: the attempt is not repeated from here on.
    func noteMessageLeft() { state.withLock { $0.messageLeft = true } }

    func note(networkTime: WallTime) { state.withLock { $0.networkTime = networkTime } }

    var networkTime: WallTime? { state.withLock { $0.networkTime } }
    var messageLeft: Bool { state.withLock { $0.messageLeft } }

    func fill(_ report: inout Report) {
        let state = state.withLock { $0.snapshot }
        report.via = state.via
        report.viaReason = state.viaReason
        report.link = state.link
        report.counts = state.counts
        report.modem = state.modem
        report.session = state.session
        report.messageOctets = state.messageOctets
        report.total = state.total
        report.notes = state.notes
    }

    struct Snapshot: Sendable {
        let via: String?
        let viaReason: String?
        let link: LinkFacts?
        let counts: LinkCounts?
        let modem: String?
        let session: Report.Session?
        let messageOctets: Int?
        let total: StreamCount
        let notes: [String]
    }
}

extension Facts.State {
    fileprivate var snapshot: Facts.Snapshot {
        Facts.Snapshot(
            via: via, viaReason: viaReason, link: link, counts: counts, modem: modem, session: session,
            messageOctets: messageOctets,
            total: total?() ?? StreamCount(), notes: notes)
    }
}
