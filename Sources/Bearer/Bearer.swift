public import ByteStreams

/// What carries TCP to the internet: a modem's context with the modem's own sockets, or an interface of this machine.
///
/// It is opened and released by a scope (`withSocketBearer`, `withInterfaceBearer`), and used in between. It makes one
/// attempt per call and remembers nothing of it: whoever calls decides on the next.
public protocol Bearer: Sendable {
    /// For reports: `socket (quectel)`, `interface wwan0`.
    var name: String { get }

    /// The bearer's own address as text, where it is known: `10.1.2.3`, `2001:db8::1`.
    var localAddress: String? { get }

    /// How many connections it carries at once; nil: no bound of its own that is known.
    var connectionLimit: Int? { get }

    /// What a link of ours has negotiated; nil for a bearer without one.
    var link: LinkFacts? { get }

    /// What passed over the link so far; nil for a bearer without one.
    func counts() async -> LinkCounts?

    /// Resolves the name, connects, and answers with the stream. Throws a `Failure`: `BearerError`, over an interface
    /// `SocketError`, over PPP `TunnelError`. A failed or cancelled attempt leaves no slot and no descriptor behind.
    func connect(to host: String, port: UInt16) async throws -> any ByteStream
}

extension Bearer {
    public var link: LinkFacts? { nil }
    public func counts() async -> LinkCounts? { nil }
}
