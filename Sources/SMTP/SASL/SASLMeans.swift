public import Credentials

/// What mechanisms need that SMTP has not: digests and chance, the TLS connection's own octets, and the server's name.
public struct SASLMeans: Sendable {
    public var digests: Digests
    /// Asked once TLS stands; throws where TLS has nothing to bind to.
    public var channelBinding: @Sendable () throws -> SASLChannelBinding
    public var host: String
    public var port: Int

    public init(
        digests: Digests, host: String, port: Int, channelBinding: @escaping @Sendable () throws -> SASLChannelBinding
    ) {
        self.digests = digests
        self.host = host
        self.port = port
        self.channelBinding = channelBinding
    }
}
