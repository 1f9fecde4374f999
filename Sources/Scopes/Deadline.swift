/// An operation took longer than it may.
public struct DeadlineExceeded: Error, Equatable, Sendable {
    public let limit: Duration

    public init(limit: Duration) {
        self.limit = limit
    }
}

/// Runs `operation` for at most `limit`: then it is cancelled, and `DeadlineExceeded` is thrown once it has returned.
///
/// `operation` must answer cancellation promptly. If it ends with a value in spite of the cancellation, that value counts:
/// what was done is not thrown away.
public func withDeadline<Value: Sendable, C: Clock<Duration>>(
    _ limit: Duration, clock: C, operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try? await clock.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        do {
            if let value = try await group.next() ?? nil { return value }
        } catch {
            throw error
        }
        try Task.checkCancellation()
        group.cancelAll()
        do {
            if let value = try await group.next() ?? nil { return value }
        } catch is CancellationError {
            throw DeadlineExceeded(limit: limit)
        } catch {
            // What the operation says of its own cancellation is a consequence of the limit, not a cause.
            throw DeadlineExceeded(limit: limit)
        }
        throw DeadlineExceeded(limit: limit)
    }
}
