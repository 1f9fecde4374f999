import Glibc
import Modem

/// Every dialect and mode that `--dialect` takes, for what holds for each of them; and how much of it a default run takes.
enum DialectMatrix {
    /// `scripts/test --long`.
    private static let isLong = unsafe getenv("TEST_LONG") != nil

    /// Mails of one process: a hundred in a long run, and for each family's default mode. Where the line is the stream, each
    /// takes seconds of silence to leave it: fewer of those.
    static let mails: [(dialect: String, count: Int)] = Dialects.names.map { name in
        if isLong { return (name, 100) }
        return (name, isLeftSlowly(name) ? 10 : isDefault(name) ? 100 : 20)
    }

    /// Mails of a process each.
    static let invocations: [(dialect: String, count: Int)] = Dialects.names.map { name in
        if isLong { return (name, 20) }
        return (name, isLeftSlowly(name) ? 3 : isDefault(name) ? 20 : 5)
    }

    /// The default modes alone.
    static let families = Dialects.names.filter(isDefault)

    private static func isDefault(_ name: String) -> Bool { !name.contains("/") }

    private static func isLeftSlowly(_ name: String) -> Bool {
        guard case .online? = Dialects.named(name)?.carriage else { return false }
        return true
    }
}
