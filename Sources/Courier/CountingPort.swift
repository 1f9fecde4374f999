import AT
import Modem
import NIOCore
import Synchronization

/// Passes every exchange on and counts it, for the timeline.
final class CountingPort: DialPort {
    private let base: any DialPort
    private let exchanges = Mutex(0)

    init(_ base: any DialPort) {
        self.base = base
    }

    var count: Int { exchanges.withLock { $0 } }

    func perform(_ exchange: Exchange) async throws(ATError) -> Exchange.Answer {
        exchanges.withLock { $0 += 1 }
        return try await base.perform(exchange)
    }

    func unsolicited() async -> AsyncStream<ATLine> { await base.unsolicited() }

    func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) async {
        await base.adopt(introducers: introducers, unsolicitedPrefixes: unsolicitedPrefixes)
    }

    func connect(_ exchange: Exchange) async throws(ATError) -> any DataModeLine {
        exchanges.withLock { $0 += 1 }
        return try await base.connect(exchange)
    }

    func dial(
        _ exchange: Exchange, makeHandlers: @Sendable () -> [any ChannelHandler]
    ) async throws(ATError) -> any DataModeLine {
        exchanges.withLock { $0 += 1 }
        return try await base.dial(exchange, makeHandlers: makeHandlers)
    }
}
