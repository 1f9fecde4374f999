import NIOCore

/// One look-up of a name's addresses at recursive name servers: sans-IO. Both families are asked for at once, in one round
/// trip; a server that is silent, or that cannot answer, is followed by the next one; late answers count.
///
/// When one family's addresses are there, the other's are waited for only a little longer (RFC 8305 §3: the resolution delay,
/// here half of what the first answer took, between 50 and 500 ms).
struct DNSLookup {
    enum Event {
        case begun
        case received([UInt8], server: Int)
        /// The kernel could not send, or learnt that nobody listens there: errno.
        case unreachable(Int32, server: Int)
        case deadlinePassed
    }

    enum Action: Equatable {
        case send(ByteBuffer, server: Int)
        /// The last one.
        case finish(Result<LookupAnswer, LookupFailure>)
    }

    private enum State {
        case fresh
        case asking(Asking)
        case finished
    }

    private enum Found: Equatable {
        case addresses([IPAddress])
        case nothing
    }

    private struct Asking {
        var round = 0
        /// The server of this round.
        var server = 0
        /// What each server can still be forgiven.
        var patience: [Int]
        var sent: NIODeadline
        var deadline: NIODeadline
        let end: NIODeadline
        var found: [IPAddress.Family: Found] = [:]
        /// Families whose question the server of this round cannot answer.
        var given: Set<IPAddress.Family> = []
    }

    private let name: DNSName?
    private let families: [IPAddress.Family]
    private let servers: Int
    private let identifiers: [IPAddress.Family: UInt16]
    private let limit: TimeAmount
    private var state = State.fresh
    private var worst = LookupFailure.Reason.silent
    private var worstCode: UInt8 = 0

    /// - Parameters:
    ///   - servers: how many there are; the actions name them by their place, from 0.
    ///   - identifiers: of the queries, not to be guessed: one for each family.
    init(_ question: LookupQuestion, servers: Int, identifiers: [IPAddress.Family: UInt16]) {
        name = DNSName(question.name)
        families = [.v6, .v4].filter { question.families.contains($0) && identifiers[$0] != nil }
        self.servers = servers
        self.identifiers = identifiers
        limit = question.limit
    }

    /// When `deadlinePassed` is due.
    var deadline: NIODeadline? {
        switch state {
        case .fresh, .finished: nil
        case .asking(let asking): asking.deadline
        }
    }

    /// How long the server of each round may take before the next is asked too. Links of 2 s are met.
    private static let patience: [TimeAmount] = [.seconds(3), .seconds(4), .seconds(6), .seconds(8)]

    /// A failure of a server may pass, so it is asked once more; one that cannot be reached is not.
    private static let mostBadAnswers = 2

    private var rounds: Int { max(Self.patience.count, servers * 2) }

    mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        switch (state, event) {
        case (.fresh, .begun): return begin(now)
        case (.fresh, .received), (.fresh, .unreachable), (.fresh, .deadlinePassed), (.asking, .begun), (.finished, _):
            return []
        case (.asking(let asking), .received(let octets, let server)): return receive(octets, server, asking, now)
        case (.asking(var asking), .unreachable(let code, let server)):
            note(.unreachable, UInt8(clamping: code))
            guard asking.patience.indices.contains(server) else { return [] }
            asking.patience[server] = 0
            guard server == asking.server else {
                state = .asking(asking)
                return []
            }
            asking.given = Set(families)
            return goOn(asking, now)
        case (.asking(let asking), .deadlinePassed):
            guard now >= asking.deadline else { return [] }
            if addresses(asking) != nil || now >= asking.end { return finish(asking) }
            return nextRound(asking, now)
        }
    }

    private mutating func begin(_ now: NIODeadline) -> [Action] {
        guard name != nil else { return fail(.badName) }
        guard servers > 0, !families.isEmpty else { return fail(servers > 0 ? .noAddress : .noServers) }
        let asking = Asking(
            patience: Array(repeating: Self.mostBadAnswers, count: servers), sent: now,
            deadline: min(now + Self.patience[0], now + limit), end: now + limit)
        state = .asking(asking)
        return questions(asking)
    }

    /// Those that are still open, for the server of this round.
    private func questions(_ asking: Asking) -> [Action] {
        families.compactMap { family in
            guard asking.found[family] == nil, let name, let identifier = identifiers[family] else { return nil }
            let query = DNSMessage.query(name, family, identifier: identifier)
            return .send(query, server: asking.server)
        }
    }

    private mutating func receive(
        _ octets: [UInt8], _ server: Int, _ asking: Asking, _ now: NIODeadline
    ) -> [Action] {
        var asking = asking
        for family in families {
            guard let name, let identifier = identifiers[family] else { continue }
            switch DNSMessage.read(octets, asked: name, family, identifier: identifier) {
            case .foreign: continue
            case .malformed: return unanswered(family, .malformed, server, asking, now)
            case .answer(let message):
                if message.isTruncated { return unanswered(family, .truncated, server, asking, now) }
                switch message.responseCode {
                case 0:
                    guard let addresses = message.addresses(of: name) else {
                        return unanswered(family, .looped, server, asking, now)
                    }
                    asking.found[family] = addresses.isEmpty ? .nothing : .addresses(addresses)
                    return goOn(asking, now)
                case 3:  // it does not exist for any family
                    if addresses(asking) == nil {
                        return fail(.notFound, roundTrips: asking.round + 1)
                    }
                    asking.found[family] = .nothing
                    return goOn(asking, now)
                case let code: return unanswered(family, .refused, code: code, server, asking, now)
                }
            }
        }
        note(.forged, 0)
        return []
    }

    private mutating func unanswered(
        _ family: IPAddress.Family, _ reason: LookupFailure.Reason, code: UInt8 = 0, _ server: Int, _ asking: Asking,
        _ now: NIODeadline
    ) -> [Action] {
        note(reason, code)
        guard server == asking.server, !asking.given.contains(family) else { return [] }
        var asking = asking
        if asking.given.isEmpty { asking.patience[server] -= 1 }
        asking.given.insert(family)
        return goOn(asking, now)
    }

    private mutating func goOn(_ asking: Asking, _ now: NIODeadline) -> [Action] {
        let open = families.filter { asking.found[$0] == nil }
        if open.isEmpty { return finish(asking) }
        let isStuck = open.allSatisfy { asking.given.contains($0) }
        if isStuck { return addresses(asking) == nil ? nextRound(asking, now) : finish(asking) }
        var asking = asking
        if addresses(asking) != nil {
            let half = TimeAmount.nanoseconds((now - asking.sent).nanoseconds / 2)
            asking.deadline = min(asking.deadline, now + min(max(half, .milliseconds(50)), .milliseconds(500)))
        }
        state = .asking(asking)
        return []
    }

    private mutating func nextRound(_ asking: Asking, _ now: NIODeadline) -> [Action] {
        var asking = asking
        let others = (1...servers).map { (asking.server + $0) % servers }
        guard asking.round + 1 < rounds, let next = others.first(where: { asking.patience[$0] > 0 }) else {
            return finish(asking)
        }
        asking.round += 1
        asking.server = next
        asking.given = []
        asking.sent = now
        let patience = Self.patience[min(asking.round, Self.patience.count - 1)]
        asking.deadline = min(now + patience, asking.end)
        state = .asking(asking)
        return questions(asking)
    }

    // MARK: The end

    private func addresses(_ asking: Asking) -> [IPAddress]? {
        let all = families.flatMap { family -> [IPAddress] in
            switch asking.found[family] {
            case .addresses(let addresses): addresses
            case .nothing, nil: []
            }
        }
        return all.isEmpty ? nil : all
    }

    private mutating func finish(_ asking: Asking) -> [Action] {
        let roundTrips = asking.round + 1
        if let addresses = addresses(asking) {
            state = .finished
            return [.finish(.success(LookupAnswer(addresses: addresses, roundTrips: roundTrips)))]
        }
        let isAnswered = families.allSatisfy { asking.found[$0] != nil }
        return fail(isAnswered ? .noAddress : worst, code: isAnswered ? 0 : worstCode, roundTrips: roundTrips)
    }

    private mutating func fail(_ reason: LookupFailure.Reason, code: UInt8 = 0, roundTrips: Int = 0) -> [Action] {
        state = .finished
        return [.finish(.failure(LookupFailure(reason, code: code, roundTrips: roundTrips)))]
    }

    /// The most telling of what went wrong is kept for the end.
    private mutating func note(_ reason: LookupFailure.Reason, _ code: UInt8) {
        guard reason.tells >= worst.tells else { return }
        worst = reason
        worstCode = code
    }
}

extension LookupFailure.Reason {
    fileprivate var tells: Int {
        switch self {
        case .silent: 0
        case .unreachable: 1
        case .refused: 2
        case .malformed: 3
        case .looped: 4
        case .truncated: 5
        case .forged: 6
        case .badName, .noServers, .notFound, .noAddress: 7
        }
    }
}
