/// A named stretch of the path, in the timeline, in progress and in errors.
public struct Phase: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public init(_ name: String) {
        rawValue = name
    }

    public var description: String { rawValue }

    public static let line = Phase("line")
    public static let modemReady = Phase("modem ready")
    public static let identify = Phase("identify")
    public static let sim = Phase("sim")
    public static let registration = Phase("registration")
    public static let attach = Phase("attach")
    public static let context = Phase("context")
    public static let bearer = Phase("bearer")
    public static let dial = Phase("dial")
    public static let lcp = Phase("lcp")
    public static let pppAuthentication = Phase("ppp auth")
    public static let ipcp = Phase("ipcp")
    public static let dns = Phase("dns")
    public static let tcp = Phase("tcp")
    public static let tls = Phase("tls")
    public static let greeting = Phase("greeting")
    public static let ehlo = Phase("ehlo")
    public static let startTLS = Phase("starttls")
    public static let auth = Phase("auth")
    public static let message = Phase("message")
    public static let teardown = Phase("teardown")
}
