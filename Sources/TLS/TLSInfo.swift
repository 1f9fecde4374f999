/// What a handshake came to.
public struct TLSInfo: Sendable, Equatable {
    public enum Version: String, Sendable, Equatable {
        case tls12 = "TLS 1.2"
        case tls13 = "TLS 1.3"
    }

    /// Where the chain ended when that was no root: such an anchor lives shorter, so it is an outage with a known date.
    public struct IntermediateAnchor: Sendable, Equatable {
        public let subject: String
        public let notAfter: WallTime
    }

    public let version: Version
    /// As OpenSSL calls it: "TLS_AES_128_GCM_SHA256".
    public let cipher: String
    /// Whether a stored session was resumed: no certificates were sent then.
    public let isResumed: Bool
    /// TLS octets sent until the handshake was done, record headers included.
    public let handshakeOctetsUp: Int
    /// TLS octets received until the handshake was done.
    public let handshakeOctetsDown: Int
    /// The peer's own certificate, also after a resumption; nil at a server whose client has none.
    public let peerSubject: String?
    public let peerNotAfter: WallTime?
    public let intermediateAnchor: IntermediateAnchor?
}

/// Octets that name one TLS connection, for SCRAM-PLUS (RFC 5802 §6).
public struct ChannelBinding: Sendable, Equatable {
    public enum Kind: String, Sendable, Equatable {
        /// RFC 9266; TLS 1.3.
        case exporter = "tls-exporter"
        /// RFC 5929 §4; TLS 1.2.
        case serverEndPoint = "tls-server-end-point"
    }

    public let kind: Kind
    public let octets: [UInt8]
}
