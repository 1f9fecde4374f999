public import Scopes

/// What typed commands came to.
public struct ATReport: Sendable {
    public var results: [CommandResult] = []
    /// Lines that belonged to no command.
    public var unsolicited: [String] = []
    /// Why the line could not be used, or a command was not sent.
    public var failure: (any Failure)?
    public var teardown: [TeardownStep] = []

    /// Of the last command, since the first that fails is the last; what kept commands from the line comes before.
    public var exitStatus: ExitStatus { failure?.exitStatus ?? results.last?.exitStatus ?? .ok }

    /// With `outcome` (`ok` or `failed`), `exit_status`, `error` where there is one, `commands[]` (`command`, `lines[]`,
    /// `result`, `seconds`), `unsolicited[]` and `teardown[]`.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("outcome", .string(exitStatus == .ok ? "ok" : "failed")),
            .init("exit_status", .integer(Int(exitStatus.rawValue))),
        ]
        if let failure { members.append(.init("error", JSONValue(failure))) }
        return .object(
            members + [
                .init("commands", .array(results.map(\.json))),
                .init("unsolicited", .array(unsolicited.map { .string($0) })),
                .init("teardown", .array(teardown.map(\.json))),
            ])
    }
}
