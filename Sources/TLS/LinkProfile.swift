/// What a ClientHello offers, by what the link costs.
public enum LinkProfile: String, Sendable, Equatable, CaseIterable {
    /// The default: the shortest ClientHello that every sane server accepts. X25519 is the one key share; P-256 and P-384
    /// are listed, so that a server which insists asks for them with one more round trip. AEAD suites alone, those with SHA-256 first; no session
    /// identifier for middleboxes (RFC 8446 App. D.4), nine signature algorithms. No post-quantum group is listed: a server
    /// that prefers it would ask for its share, 2.3 kB and a round trip more for each connection.
    case metered
    /// The library's habits: compatibility with middleboxes, all its signature algorithms, and a hybrid post-quantum key
    /// share where the system's OpenSSL knows one (3.5 and newer).
    case standard
}
