import NIOCore

/// The radio link and what lies behind it: names, delay, rates, and the faults that are nobody's octets.
struct Carrier {
    /// A segment's octets of TCP and IPv4 header, which the rates carry too.
    static let headerOctets = 40
    static let segment = 1_400

    let roundTrip: TimeAmount
    private let upRate: Int?
    private let downRate: Int?
    private let routes: [Route]
    private var upFree: NIODeadline
    private var downFree: NIODeadline
    /// When the last segment towards the modem arrives: an end never overtakes it.
    private var lastArrival: NIODeadline

    var isUnplugged = false
    var isBlackhole = false
    var babbleLeft = 0
    /// Gaps in which an unsolicited line appears for sure.
    var chatterLeft = 0
    /// What the far end says comes an octet at a time, this much apart.
    var dribble: TimeAmount?
    private var mutedUntil: NIODeadline
    private var silentUntil: NIODeadline
    private var blockedUntil: NIODeadline
    private(set) var stallEnd: NIODeadline

    init(_ options: FakeModemOptions, now: NIODeadline) {
        roundTrip = options.roundTrip
        upRate = options.up
        downRate = options.down
        routes = options.routes
        (upFree, downFree, lastArrival) = (now, now, now)
        (silentUntil, blockedUntil, stallEnd, mutedUntil) = (now, now, now, now)
    }

    var oneWay: TimeAmount { .nanoseconds(roundTrip.nanoseconds / 2) }

    func isSilent(_ now: NIODeadline) -> Bool { now < silentUntil }
    func isBlocked(_ now: NIODeadline) -> Bool { now < blockedUntil }
    func isStalled(_ now: NIODeadline) -> Bool { now < stallEnd }

    /// The end of a state that lasts for a time or for ever, when that is an end to wait for.
    private static func end(_ time: TimeAmount?, _ now: NIODeadline) -> NIODeadline {
        time.map { now + $0 } ?? .distantFuture
    }

    mutating func silence(for time: TimeAmount?, now: NIODeadline) -> NIODeadline {
        silentUntil = Self.end(time, now)
        return silentUntil
    }

    mutating func block(for time: TimeAmount?, now: NIODeadline) -> NIODeadline {
        blockedUntil = Self.end(time, now)
        return blockedUntil
    }

    mutating func stall(for time: TimeAmount?, now: NIODeadline) {
        stallEnd = Self.end(time, now)
    }

    mutating func mute(for time: TimeAmount?, now: NIODeadline) {
        mutedUntil = Self.end(time, now)
    }

    // MARK: time on the air

    /// When a segment that the modem has now reaches the far end.
    mutating func arrivalUp(_ octets: Int, now: NIODeadline) -> NIODeadline {
        upFree = max(upFree, now) + Self.duration(octets, upRate)
        return upFree + oneWay
    }

    /// When a segment that the far end has now reaches the modem.
    mutating func arrivalDown(_ octets: Int, now: NIODeadline) -> NIODeadline {
        guard mutedUntil < .distantFuture else {
            lastArrival = .distantFuture
            return lastArrival
        }
        downFree = max(downFree, now, mutedUntil) + Self.duration(octets, downRate) + (dribble ?? .zero)
        lastArrival = downFree + oneWay
        return lastArrival
    }

    /// How much longer what was given to each direction takes to leave.
    func backlogUp(now: NIODeadline) -> TimeAmount { max(.zero, upFree - now) }
    func backlogDown(now: NIODeadline) -> TimeAmount { max(.zero, downFree - now) }

    func arrivalOfEnd(now: NIODeadline) -> NIODeadline { max(lastArrival, now + oneWay, mutedUntil) }

    private static func duration(_ octets: Int, _ rate: Int?) -> TimeAmount {
        guard let rate else { return .zero }
        return .nanoseconds(Int64(octets + headerOctets) * 8_000_000_000 / Int64(rate))
    }

    // MARK: names

    /// Where a name or address and port lead; nil when nowhere.
    func route(host: String, port: Int) -> Route? {
        routes.first { $0.port == port && ($0.host.lowercased() == host.lowercased() || address(of: $0.host) == host) }
    }

    /// The address that the carrier's name service gives: one of 198.18.0.0/15 (RFC 2544) for a name, itself for a literal;
    /// nil for an unknown name.
    func address(of name: String) -> String? {
        if Self.isLiteral(name) { return name }
        let names = routes.map { $0.host.lowercased() }
        return names.firstIndex(of: name.lowercased()).map { "198.18.\($0 / 250).\($0 % 250 + 1)" }
    }

    /// Whether anything at all is known under that name or address.
    func isKnown(_ host: String) -> Bool {
        routes.contains { $0.host.lowercased() == host.lowercased() || address(of: $0.host) == host }
    }

    static func isLiteral(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return name.contains(":") || (parts.count == 4 && parts.allSatisfy { UInt8($0) != nil })
    }
}
