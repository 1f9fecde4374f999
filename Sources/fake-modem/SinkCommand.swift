import ArgumentParser
import FakeModem

/// Runs a mail server that stores what it gets, until SIGINT or SIGTERM.
struct SinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink", abstract: "An SMTP server with TLS that stores every message in a Maildir.",
        discussion: """
            Prints `ready ADDR:PORT` when it listens, and then a line for each connection, login and message. TLS is implicit, as on \
            port 465, unless --starttls is given.

              fake-modem sink --listen 127.0.0.1:10465 --certificate chain.pem --key key.pem --maildir /tmp/mail
            """)

    @Option(help: "ADDR:PORT; port 0 is any free one.")
    var listen: String

    @Option(help: "The server's certificate and its intermediates, PEM.")
    var certificate: String

    @Option(help: "The certificate's private key, PEM.")
    var key: String

    @Option(help: "The directory for new, cur and tmp.")
    var maildir: String

    @Option(help: "USER:PASSWORD-FILE: without a login by it nothing is taken.")
    var auth: String?

    @Flag(name: .customLong("starttls"), help: "Begin in the clear, and require STARTTLS.")
    var startTLS = false

    @Option(
        parsing: .singleValue,
        help: "PLACE=REPLY: refuse at greeting, login, sender[:ADDRESS], recipient[:ADDRESS] or message. Repeatable.")
    var refuse: [String] = []

    @Option(help: "Octets that a message may have.")
    var sizeLimit: Int?

    func run() throws {
        try reporting {
            let signals = Signals()
            let server = try SinkServer(
                listen: listen, certificate: certificate, key: key, maildir: maildir, login: auth, isStartTLS: startTLS,
                refusals: refuse, sizeLimit: sizeLimit
            ) { say("\($0)") }
            say(server.readyLine)
            signals.wait()
            server.stop()
        }
    }
}
