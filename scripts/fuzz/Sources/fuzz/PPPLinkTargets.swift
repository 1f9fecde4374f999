import Credentials
import NIOCore
import PPP

private let digests = Digests(
    hmacSHA256: { _, _ in [UInt8](repeating: 0, count: 32) },
    randomOctets: { [UInt8](repeating: 0, count: max(0, $0)) },
    sha256: { _ in [UInt8](repeating: 0, count: 32) }, pbkdf2SHA256: { _, _, _ in Secret("") },
    md5: { _ in [UInt8](repeating: 7, count: 16) }, hmacMD5: { _, _ in nil })

/// One end of a link, of the role and with the options that the first octet says, against frames, raw octets, packets and time
/// of the input's choice: it ends once, answers no more than it was asked, and delivers only whole packets.
func fuzzPPPLink(_ octets: [UInt8]) {
    guard let first = octets.first else { return }
    var link = PPPLink(configuration(first), digests: digests, seed: 9)
    var encoder = HDLCEncoder()
    var now = NIODeadline.uptimeNanoseconds(0)
    var hasEnded = false
    func handle(_ event: PPPLink.Event, inputOctets: Int = 0) {
        for action in link.handle(event, now: now) {
            require(!hasEnded, "an action behind the end")
            switch action {
            case .write(let line): require(line.readableBytes <= 8_192 + 64 * inputOctets, "an answer beyond bounds")
            case .deliver(let packet): require((20...1_600).contains(packet.readableBytes), "a packet of no size")
            case .text(let text): require(text.readableBytes <= 256, "text beyond bounds")
            case .network(let network): require(network.mtu >= 128, "an MTU that carries nothing")
            case .phase: break
            case .ended(let end):
                hasEnded = true
                require(end.line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "an end with control characters")
            }
        }
    }
    handle(.open)
    let numbers = [
        PPPProtocol.lcp, PPPProtocol.ipcp, PPPProtocol.ipv6cp, PPPProtocol.pap, PPPProtocol.chap, PPPProtocol.ipv4,
        PPPProtocol.ipv6, PPPProtocol.ccp,
    ]
    var rest = octets.dropFirst()
    while let step = rest.popFirst() {
        let length = min(Int(rest.popFirst() ?? 0), rest.count)
        let content = rest.prefix(length)
        rest = rest.dropFirst(length)
        switch step % 4 {
        case 0:
            var line = ByteBuffer()
            let information = ByteBuffer(bytes: content)
            encoder.encode(
                protocol: numbers[Int(step / 4) % numbers.count], information.readableBytesView, into: &line)
            handle(.received(line), inputOctets: line.readableBytes)
        case 1: handle(.received(ByteBuffer(bytes: content)), inputOctets: content.count)
        case 2: handle(.packet(ByteBuffer(bytes: content)), inputOctets: content.count)
        default:
            guard let deadline = link.deadline else { continue }
            now = max(now, deadline)
            handle(.deadlinePassed)
        }
    }
    handle(first & 0x80 == 0 ? .close : .lineLost)
    var steps = 0
    while let deadline = link.deadline, steps < 100 {
        now = max(now, deadline)
        handle(.deadlinePassed)
        steps += 1
    }
    require(hasEnded, "a link that does not end")
}

private func configuration(_ octet: UInt8) -> PPPConfiguration {
    var configuration = PPPConfiguration()
    if octet & 1 != 0 {
        configuration.ipv4?.address = IPv4Address(10, 0, 0, 1)
        configuration.ipv4?.peerAddress = IPv4Address(10, 0, 0, 2)
        configuration.ipv4?.nameServers = [IPv4Address(10, 0, 0, 3)]
    }
    if octet & 2 != 0 { configuration.demandedAuthentication = octet & 4 != 0 ? [.pap, .chapMD5] : [.chapMD5, .pap] }
    configuration.guests = [PPPAccount(name: "", password: Secret(""))]
    if octet & 8 != 0 { configuration.ipv6 = nil }
    if octet & 16 != 0 { configuration.usesMagicNumber = false }
    if octet & 32 != 0 { configuration.acceptedAuthentication = [] }
    return configuration
}

/// A control packet, its options and itself again.
func fuzzPPPControl(_ octets: [UInt8]) {
    guard let packet = ControlPacket(ByteBuffer(bytes: octets)) else { return }
    require(packet.data.count + 4 <= octets.count, "a packet longer than what came")
    require(ControlPacket(packet.octets) == packet, "a packet that does not come back")
    guard let options = ConfigurationOption.list(packet.data) else { return }
    require(ConfigurationOption.octets(options) == packet.data, "options that do not come back")
}
