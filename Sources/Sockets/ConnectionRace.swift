public import NIOCore

/// Runs `HappyEyeballs` with connections of whatever kind.
public struct ConnectionRace: Sendable {
    public enum Outcome<Connection: Sendable, Failure: Error>: Sendable {
        case won(Connection, SocketAddress)
        /// In the order in which they failed; empty when there was no address.
        case lost([Failure])
    }

    private enum Report<Connection: Sendable, Failure: Error>: Sendable {
        case attempt(Int, Result<Connection, Failure>)
        case delayPassed(Int)
    }

    private let addresses: [SocketAddress]
    private let delay: Duration
    private let wait: @Sendable (Duration) async -> Void

    /// - Parameters:
    ///   - addresses: in the order of their attempts.
    ///   - delay: the head start of each.
    ///   - wait: returns behind the time, or when the task is cancelled.
    public init(
        _ addresses: [SocketAddress], delay: Duration = HappyEyeballs.delay(),
        wait: @escaping @Sendable (Duration) async -> Void = { try? await ContinuousClock().sleep(for: $0) }
    ) {
        self.addresses = addresses
        self.delay = delay
        self.wait = wait
    }

    /// Returns when every attempt has ended; those that are not wanted are cancelled, also with the calling task.
    /// - Parameters:
    ///   - connect: makes one attempt; it answers cancellation promptly.
    ///   - discard: releases a connection that came too late.
    public func run<Connection: Sendable, Failure: Error>(
        _ connect: @escaping @Sendable (SocketAddress) async throws(Failure) -> Connection,
        discard: @escaping @Sendable (Connection) async -> Void
    ) async -> Outcome<Connection, Failure> {
        await withTaskGroup(of: Report<Connection, Failure>.self) { group in
            var machine = HappyEyeballs(count: addresses.count)
            var won: Outcome<Connection, Failure>?
            var failures: [Failure] = []
            perform(machine.handle(.begun), in: &group, connect)
            while let report = await group.next() {
                switch report {
                case .delayPassed(let index):
                    if !Task.isCancelled { perform(machine.handle(.delayPassed(index)), in: &group, connect) }
                case .attempt(let index, .success(let connection)):
                    if won == nil {
                        won = .won(connection, addresses[index])
                        perform(machine.handle(.connected(index)), in: &group, connect)
                        group.cancelAll()
                    } else {
                        await discard(connection)
                    }
                case .attempt(let index, .failure(let failure)):
                    failures.append(failure)
                    if Task.isCancelled { continue }
                    let actions = machine.handle(.failed(index))
                    perform(actions, in: &group, connect)
                    if actions.contains(.finish(nil)) { group.cancelAll() }
                }
            }
            return won ?? .lost(failures)
        }
    }

    private func perform<Connection: Sendable, Failure: Error>(
        _ actions: [HappyEyeballs.Action], in group: inout TaskGroup<Report<Connection, Failure>>,
        _ connect: @escaping @Sendable (SocketAddress) async throws(Failure) -> Connection
    ) {
        for action in actions {
            switch action {
            case .attempt(let index):
                let address = addresses[index]
                group.addTask {
                    do throws(Failure) {
                        return .attempt(index, .success(try await connect(address)))
                    } catch {
                        return .attempt(index, .failure(error))
                    }
                }
                guard index + 1 < addresses.count else { continue }
                let (wait, delay) = (wait, delay)
                group.addTask {
                    await wait(delay)
                    return .delayPassed(index)
                }
            case .abandon, .finish: continue  // the whole group is cancelled once it is decided
            }
        }
    }
}
