public import Credentials
public import SMTP
import Scopes
import SystemPackage
public import TLS

/// How a sink listens, whom it lets in, and what it refuses.
public struct SinkOptions: Sendable {
    public enum Security: Sendable, Equatable {
        /// TLS from the first octet, as on port 465.
        case implicitTLS
        /// STARTTLS required, as on port 587.
        case startTLS
    }

    /// An address in text, without brackets.
    public var host: String
    /// 0 for any free one.
    public var port: Int
    public var security: Security
    public var identity: TLSIdentity
    /// `cur`, `new` and `tmp` are made in it where they are missing.
    public var maildir: String
    /// Nil: no AUTH is offered, and anybody may send.
    public var login: SinkLogin?
    public var behaviour = SinkBehaviour()

    /// - Parameter listen: `ADDR:PORT`, an IPv6 address in brackets.
    public init(
        listen: String, security: Security = .implicitTLS, identity: TLSIdentity, maildir: String,
        login: SinkLogin? = nil
    ) throws(SinkError) {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw .badOption("--listen", "\"\(listen)\" is not ADDR:PORT") }
        var host = listen[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .badOption("--listen", "\"\(listen)\" has no address") }
        self.host = String(host)
        self.port = port
        self.security = security
        self.identity = identity
        self.maildir = maildir
        self.login = login
    }
}

/// The one account of a sink.
public struct SinkLogin: Sendable, Equatable {
    public let user: String
    public let password: Secret

    public init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }

    /// `USER:PASSWORD-FILE`. One newline at the file's end is removed; a file that everybody may read is refused.
    public init(option: String) throws(SinkError) {
        guard let colon = option.firstIndex(of: ":"), colon != option.startIndex else {
            throw .badOption("--auth", "the form is USER:PASSWORD-FILE")
        }
        user = String(option[..<colon])
        let path = String(option[option.index(after: colon)...])
        do {
            password = try Secret(Self.read(path))
        } catch let error as SinkError {
            throw error
        } catch {
            throw .badOption("--auth", "\(path): \(error)")
        }
        guard !password.isEmpty else { throw .badOption("--auth", "\(path) is empty") }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
        return try descriptor.closeAfter {
            guard try SinkFiles.mode(of: descriptor) & 0o006 == 0 else {
                throw SinkError.badOption("--auth", "\(path) may be read or written by everybody: run chmod 600 on it")
            }
            var octets = try SinkFiles.read(descriptor, limit: 4096)
            if octets.last == 0x0A { octets.removeLast() }
            return octets
        }
    }
}

/// What a sink offers and refuses, for tests of clients.
public struct SinkBehaviour: Sendable, Equatable {
    /// Where in a session something is refused.
    public enum Place: Sendable, Equatable {
        case greeting
        case login
        /// A reverse-path; nil for each.
        case sender(String?)
        /// A forward-path; nil for each.
        case recipient(String?)
        /// The message, at its end.
        case message
    }

    public struct Refusal: Sendable, Equatable {
        public let place: Place
        public let reply: SMTP.Reply

        public init(place: Place, reply: SMTP.Reply) {
            self.place = place
            self.reply = reply
        }

        /// `PLACE=REPLY`: `greeting`, `login`, `sender`, `sender:ADDRESS`, `recipient`, `recipient:ADDRESS` or `message`, and
        /// a 4yz or 5yz code with text, as in `recipient:nobody@example.net=550 5.1.1 no such user`.
        public init(option: String) throws(SinkError) {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let code = Int(parts[1].prefix(3)), (400...599).contains(code),
                !parts[1].utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
            else { throw .badOption("--refuse", "\"\(option)\" is not PLACE=REPLY with a code from 400 to 599") }
            reply = SMTP.Reply(code, String(parts[1].dropFirst(3).drop { $0 == " " }))
            let words = parts[0].split(separator: ":", maxSplits: 1).map(String.init)
            switch (words.first, words.dropFirst().first) {
            case ("greeting", nil): place = .greeting
            case ("login", nil): place = .login
            case ("sender", let address): place = .sender(address)
            case ("recipient", let address): place = .recipient(address)
            case ("message", nil): place = .message
            case (_, _): throw .badOption("--refuse", "\"\(parts[0])\" is no place in a session")
            }
        }
    }

    public var refusals: [Refusal] = []
    /// Octets of a message; nil for no limit.
    public var sizeLimit: Int?
    public var pipelining = true
    public var chunking = true
    public var eightBitMIME = true
    public var smtpUTF8 = true

    public init() {}

    func refusal(at asked: Place) -> SMTP.Reply? {
        for refusal in refusals {
            switch (refusal.place, asked) {
            case (.greeting, .greeting), (.login, .login), (.message, .message), (.sender(nil), .sender),
                (.recipient(nil), .recipient):
                return refusal.reply
            case (.sender(let one?), .sender(let other)), (.recipient(let one?), .recipient(let other)):
                if one == other { return refusal.reply }
            case (.greeting, _), (.login, _), (.message, _), (.sender, _), (.recipient, _): break
            }
        }
        return nil
    }
}
