import Scopes

/// A host and a port, as the command line has them: `mail.example.com:465`, `192.0.2.1:25`, `[2001:db8::1]:25`.
public struct Endpoint: Sendable, Equatable, CustomStringConvertible {
    /// A host name in small letters, an IPv4 address, or an IPv6 address without its brackets.
    public let host: String
    public let port: Int

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether the host is an address of this machine's loopback interface (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    public var isLoopback: Bool { IPAddress(host)?.isLoopback ?? false }

    /// Throws `.combination` (exit status 64) for what is no host and port.
    /// - Parameters:
    ///   - option: its name on the command line, for the error.
    ///   - isLocal: an address of this machine, no name; its port may be 0: any free one.
    public init(parsing text: String, option: String, isLocal: Bool = false) throws(SettingsError) {
        do throws(ServerURL.Problem) {
            let portText: Substring?
            (host, portText) = try ServerURL.host(text[...])
            guard let portText, (1...5).contains(portText.utf8.count),
                portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(portText),
                (isLocal ? 0...65_535 : 1...65_535).contains(number)
            else {
                throw ServerURL.Problem(words: "has no port; write it as \(isLocal ? "127.0.0.1:2525" : "host:port")")
            }
            port = number
        } catch {
            throw .combination(problem: "\(option) \(text.printable(limit: 80)) \(error.words)", isUsage: true)
        }
        guard isLocal, IPAddress(host) == nil else { return }
        throw .combination(
            problem: "\(option) \(text.printable(limit: 80)) has a name for an address; write 127.0.0.1", isUsage: true)
    }
}
