import Credentials
import NIOCore
import PPP
import TLS

@testable import FakeModem

/// A host that speaks PPP over the bench's line.
struct Caller {
    var bench: Bench
    var link: PPPLink
    var network: PPPNetwork?
    var delivered: [ByteBuffer] = []
    var end: PPPEnd?
    var texts: [String] = []
    /// What the host has written since the link was opened.
    var written: [UInt8] = []

    init(
        account: PPPAccount? = nil, _ change: (inout FakeModemOptions) -> Void = { _ in },
        tune: (inout PPPConfiguration) -> Void = { _ in }
    ) {
        bench = Bench(change)
        var configuration = PPPConfiguration()
        if let account { configuration.account = account }
        tune(&configuration)
        link = PPPLink(configuration, digests: .openSSL, seed: 12)
    }

    mutating func feed(_ event: PPPLink.Event) {
        for action in link.handle(event, now: bench.now) {
            switch action {
            case .write(let octets):
                written += octets.readableBytesView
                bench.type(Array(octets.readableBytesView))
            case .deliver(let packet): delivered.append(packet)
            case .network(let network): self.network = network
            case .ended(let end): self.end = end
            case .text(let text): texts.append(String(buffer: text))
            case .phase: break
            }
        }
    }

    /// Dials, and gives the link what came behind the line of `CONNECT`; answers with all up to there.
    mutating func dial(_ number: String = "ATD*99***1#") -> String {
        _ = bench.take()
        bench.type(number + "\r")
        bench.pass(.milliseconds(200))
        let octets = bench.output
        bench.output = []
        // The first frame begins with a flag.
        let end = octets.firstIndex(of: 0x7E) ?? octets.endIndex
        let text = String(decoding: octets[..<end], as: UTF8.self)
        guard text.contains("CONNECT") else { return text }
        feed(.open)
        feed(.received(ByteBuffer(bytes: octets[end...])))
        return text
    }

    /// Lets time pass in steps, with the line carrying both ways.
    mutating func pass(_ time: TimeAmount, until condition: (Caller) -> Bool = { _ in false }) {
        let end = bench.now + time
        while bench.now < end, !condition(self) {
            bench.pass(.milliseconds(1))
            if !bench.output.isEmpty {
                let octets = ByteBuffer(bytes: bench.output)
                bench.output = []
                feed(.received(octets))
            }
            if let due = link.deadline, due <= bench.now { feed(.deadlinePassed) }
        }
    }

    var isUp: Bool { network?.ipv4 != nil && network?.ipv6 != nil }
}
