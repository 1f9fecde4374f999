@_spi(Fuzzing) import Tunnel

/// The stream between the two processes.
func fuzzTunnelMessages(_ octets: [UInt8]) {
    let broken = WireCheck.messages(octets)
    require(broken == nil, broken ?? "")
}

/// Datagrams of name servers, each behind its length.
func fuzzDNS(_ octets: [UInt8]) {
    var rest = octets[...]
    var datagrams: [[UInt8]] = []
    while let count = rest.popFirst() {
        datagrams.append(Array(rest.prefix(Int(count))))
        rest = rest.dropFirst(Int(count))
    }
    let broken = WireCheck.answers(datagrams)
    require(broken == nil, broken ?? "")
}
