import Bearer

extension LinkFacts {
    /// With the octets of the line and those of IP apart, where they were counted.
    func json(_ counts: LinkCounts?) -> JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        func number(_ value: Int) -> JSONValue { .integer(value) }
        var members: [JSONValue.Member] = [
            .init("address", text(ipv4)), .init("peer", text(peer)), .init("address6", text(ipv6)),
            .init("name_servers", .array(nameServers.map { .string($0) })), .init("mtu", .integer(mtu)),
            .init("compression", text(compression)),
        ]
        if let counts {
            members += [
                .init("line_up", number(counts.lineUp)), .init("line_down", number(counts.lineDown)),
                .init("ip_up", number(counts.ipUp)), .init("ip_down", number(counts.ipDown)),
                .init("packets_up", number(counts.packetsUp)), .init("packets_down", number(counts.packetsDown)),
                .init("damaged_frames", number(counts.damaged)),
            ]
        }
        return .object(members)
    }
}
