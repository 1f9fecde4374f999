public import Settings

/// What a tunnel connects.
public struct TunnelPlan: Sendable, Equatable {
    /// Where clients come in.
    public let listen: Endpoint
    /// Where each of them is connected to.
    public let connect: Endpoint
    /// Whether the far side speaks TLS, which the client does not.
    public let usesTLS: Bool
    /// Whether it ends behind its first connection.
    public let isOnce: Bool

    /// Throws `.combination` (exit status 64) for an address that cannot be one, and for one that other machines reach unless
    /// `mayBeReached`: whoever connects spends the data plan.
    public init(
        listen: String, connect: String, usesTLS: Bool, isOnce: Bool, mayBeReached: Bool
    ) throws(SettingsError) {
        self.listen = try Endpoint(parsing: listen, option: "--listen", isLocal: true)
        self.connect = try Endpoint(parsing: connect, option: "--connect")
        self.usesTLS = usesTLS
        self.isOnce = isOnce
        guard !mayBeReached, !self.listen.isLoopback else { return }
        throw .combination(
            problem: "--listen \(self.listen) can be reached by other machines, which would spend the data plan; "
                + "listen at 127.0.0.1, or say --allow-remote", isUsage: true)
    }
}
