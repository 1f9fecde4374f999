/// Octets that name the TLS connection, and what kind they are of (RFC 5056): "tls-exporter" (RFC 9266) or
/// "tls-server-end-point" (RFC 5929 §4).
public struct SASLChannelBinding: Sendable, Equatable {
    public let type: String
    public let octets: [UInt8]

    public init(type: String, octets: [UInt8]) {
        self.type = type
        self.octets = octets
    }
}
