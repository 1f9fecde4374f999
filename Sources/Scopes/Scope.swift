/// Opens a layer, uses it, and releases it on every way out: return, error or cancellation.
///
/// `close` runs shielded from the caller's cancellation and is awaited before this function returns, so scopes that nest
/// release in the reverse order of their opening. It is bounded by what it does with its `Teardown`.
/// This is the one place that starts an unstructured task: Swift 6.3 has no other shield.
public func withScope<Resource: Sendable, Result>(
    open: () async throws -> Resource,
    close: @escaping @Sendable (Resource) async -> Void,
    body: (Resource) async throws -> Result
) async throws -> Result {
    let resource = try await open()
    do {
        let result = try await body(resource)
        await shielded { await close(resource) }
        return result
    } catch {
        await shielded { await close(resource) }
        throw error
    }
}

/// Runs `operation` to its end whether or not the calling task is cancelled: for what must not stop half way. The caller bounds
/// it.
public func shielded<Value: Sendable>(_ operation: @escaping @Sendable () async -> Value) async -> Value {
    await Task { await operation() }.value
}
