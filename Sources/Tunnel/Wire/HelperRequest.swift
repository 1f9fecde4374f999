import NIOCore

/// What the main process asks of the helper. Each has a number of its own, and exactly one reply with that number; a cancelled
/// one too.
enum HelperRequest: Equatable {
    case configure(TunnelAddresses)
    /// Reply: a connected socket.
    case connect(Endpoint, limit: TimeAmount)
    /// Reply: a listening socket.
    case listen(Endpoint)
    /// Reply: a bound socket.
    case bindUDP(Endpoint)
    case resolve(LookupQuestion)
    /// Reply: the global addresses that the device has now.
    case addresses
    case counters
    /// Has the number of the request that is no longer wanted. Without a reply of its own.
    case cancel

    private enum Kind: UInt8 {
        case configure = 1
        case connect, listen, bindUDP, resolve, addresses, counters, cancel
    }

    func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .configure(let addresses):
            buffer.writeInteger(Kind.configure.rawValue)
            buffer.write(addresses)
        case .connect(let endpoint, let limit):
            buffer.writeInteger(Kind.connect.rawValue)
            buffer.write(endpoint)
            buffer.writeInteger(limit.nanoseconds)
        case .listen(let endpoint):
            buffer.writeInteger(Kind.listen.rawValue)
            buffer.write(endpoint)
        case .bindUDP(let endpoint):
            buffer.writeInteger(Kind.bindUDP.rawValue)
            buffer.write(endpoint)
        case .resolve(let question):
            buffer.writeInteger(Kind.resolve.rawValue)
            buffer.write(question)
        case .addresses: buffer.writeInteger(Kind.addresses.rawValue)
        case .counters: buffer.writeInteger(Kind.counters.rawValue)
        case .cancel: buffer.writeInteger(Kind.cancel.rawValue)
        }
    }

    /// Nil when the octets are no request, or more than one.
    init?(decoding buffer: inout ByteBuffer) {
        guard let kind = buffer.readInteger(as: UInt8.self).flatMap(Kind.init) else { return nil }
        switch kind {
        case .configure:
            guard let addresses = buffer.readAddresses() else { return nil }
            self = .configure(addresses)
        case .connect:
            guard let endpoint = buffer.readEndpoint(), let limit = buffer.readInteger(as: Int64.self) else {
                return nil
            }
            self = .connect(endpoint, limit: .nanoseconds(limit))
        case .listen:
            guard let endpoint = buffer.readEndpoint() else { return nil }
            self = .listen(endpoint)
        case .bindUDP:
            guard let endpoint = buffer.readEndpoint() else { return nil }
            self = .bindUDP(endpoint)
        case .resolve:
            guard let question = buffer.readQuestion() else { return nil }
            self = .resolve(question)
        case .addresses: self = .addresses
        case .counters: self = .counters
        case .cancel: self = .cancel
        }
        guard buffer.readableBytes == 0 else { return nil }
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ addresses: TunnelAddresses) {
        write(addresses.ipv4?.address)
        write(addresses.ipv4?.peer)
        writeInteger(addresses.ipv6?.role.rawValue ?? Self.absent)
        writeInteger(addresses.ipv6?.interfaceIdentifier ?? 0)
        writeInteger(UInt16(clamping: addresses.mtu))
        writeInteger(UInt16(clamping: addresses.queuePackets))
        writeInteger(UInt8(clamping: addresses.nameServers.count))
        for server in addresses.nameServers { write(server) }
        writeInteger(UInt8(clamping: addresses.localPrefixes.count))
        for prefix in addresses.localPrefixes {
            write(prefix.address)
            writeInteger(UInt8(clamping: prefix.length))
        }
    }

    private static let absent: UInt8 = 0xFF

    fileprivate mutating func readAddresses() -> TunnelAddresses? {
        guard let address = readOptionalAddress(), let peer = readOptionalAddress(),
            let role = readInteger(as: UInt8.self), let identifier = readInteger(as: UInt64.self),
            let mtu = readInteger(as: UInt16.self), let queue = readInteger(as: UInt16.self)
        else { return nil }
        var addresses = TunnelAddresses(mtu: Int(mtu), queuePackets: Int(queue))
        addresses.ipv4 = address.map { .init(address: $0, peer: peer) }
        if role != Self.absent {
            guard let role = TunnelAddresses.IPv6.Role(rawValue: role) else { return nil }
            addresses.ipv6 = .init(interfaceIdentifier: identifier, role: role)
        }
        guard let servers = readInteger(as: UInt8.self), servers <= TunnelAddresses.mostNameServers else { return nil }
        for _ in 0..<servers {
            guard let server = readAddress() else { return nil }
            addresses.nameServers.append(server)
        }
        guard let prefixes = readInteger(as: UInt8.self), prefixes <= TunnelAddresses.mostPrefixes else { return nil }
        for _ in 0..<prefixes {
            guard let address = readAddress(), let length = readInteger(as: UInt8.self),
                let prefix = IPPrefix(address, length: Int(length))
            else { return nil }
            addresses.localPrefixes.append(prefix)
        }
        return addresses.fault == nil ? addresses : nil
    }

    fileprivate mutating func write(_ question: LookupQuestion) {
        writeText(question.name)
        writeInteger(UInt8((question.families.contains(.v4) ? 1 : 0) | (question.families.contains(.v6) ? 2 : 0)))
        writeInteger(question.limit.nanoseconds)
    }

    fileprivate mutating func readQuestion() -> LookupQuestion? {
        guard let name = readText(), let families = readInteger(as: UInt8.self), families <= 3,
            let limit = readInteger(as: Int64.self)
        else { return nil }
        var question = LookupQuestion(name: name, families: [], limit: .nanoseconds(limit))
        if families & 1 != 0 { question.families.insert(.v4) }
        if families & 2 != 0 { question.families.insert(.v6) }
        return question
    }
}
