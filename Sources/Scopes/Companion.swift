/// Runs `companion` beside `body`: it goes on through the caller's cancellation and through `body`'s own scopes, so that what
/// they release can still rely on it. When `body` has returned or thrown, `stop` tells it to end, and it is waited for.
///
/// Beside `withScope` the only place that starts an unstructured task, for the same reason.
public func withCompanion<Result>(
    _ companion: @escaping @Sendable () async -> Void, stop: @Sendable () -> Void,
    body: () async throws -> Result
) async rethrows -> Result {
    let task = Task { await companion() }
    do {
        let result = try await body()
        stop()
        await task.value
        return result
    } catch {
        stop()
        await task.value
        throw error
    }
}
