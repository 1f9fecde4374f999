public import Bearer
public import Scopes

/// How a tunnel ended, and what it carried.
public struct TunnelReport: Sendable {
    /// Where it listened; nil when it did not come so far.
    public var address: String?
    /// Why it ended; nil: `--once` was done.
    public var failure: (any Failure)?
    public var connections = 0
    /// Octets that the far side took, of all connections.
    public var up = 0
    /// Octets that the clients took.
    public var down = 0
    /// Which bearer carried it: `ppp`, `socket (quectel)`, `interface eth0`; nil when none came up.
    public var via: String?
    /// Why, where `auto` chose it.
    public var viaReason: String?
    /// What the link of PPP negotiated, and what passed over it.
    public var link: LinkFacts?
    public var counts: LinkCounts?
    public var duration = Duration.zero
    public var phases: [PhaseRecord] = []
    public var teardown: [TeardownStep] = []

    public var exitStatus: ExitStatus { failure?.exitStatus ?? .ok }

    /// With `outcome` (`ended`, `interrupted` or `failed`), `exit_status`, `error` where there is one, `via` and for PPP `link`,
    /// `connections`, `up`, `down`, `seconds`, `phases` and `teardown`.
    public var json: JSONValue {
        var outcome = "ended"
        if let failure { outcome = failure.exitStatus == .interrupted ? "interrupted" : "failed" }
        var members: [JSONValue.Member] = [
            .init("outcome", .string(outcome)), .init("exit_status", .integer(Int(exitStatus.rawValue))),
        ]
        if let failure { members.append(.init("error", JSONValue(failure))) }
        if let via { members.append(.init("via", .string(via))) }
        if let viaReason { members.append(.init("via_reason", .string(viaReason))) }
        if let link { members.append(.init("link", link.json(counts))) }
        return .object(
            members + [
                .init("address", address.map { .string($0) } ?? .null), .init("connections", .integer(connections)),
                .init("up", .integer(up)), .init("down", .integer(down)), .init("seconds", .seconds(duration)),
                .init("phases", .array(phases.map(\.json))), .init("teardown", .array(teardown.map(\.json))),
            ])
    }
}
