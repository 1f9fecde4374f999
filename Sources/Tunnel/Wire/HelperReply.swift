import NIOCore

/// What the helper says. Number 0 is the account of its start: `ready` or `failed`.
enum HelperReply: Equatable {
    /// The namespace stands, and the device's descriptor is on the descriptors' socket. `unsettled`: kernel settings that this
    /// kernel did not take.
    case ready(version: UInt8, unsettled: [String])
    case done
    /// The socket that was asked for is on the descriptors' socket, under the same number.
    case descriptor
    case failed(HelperFault)
    case addresses([IPAddress])
    case resolved(LookupAnswer)
    case notResolved(LookupFailure)
    case counters(DeviceCounters)

    /// Both sides are one binary, unless somebody names another.
    static let version: UInt8 = 1
    static let mostAddresses = 32
    static let mostUnsettled = 32

    private enum Kind: UInt8 {
        case ready = 1
        case done, descriptor, failed, addresses, resolved, notResolved, counters
    }

    func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .ready(let version, let unsettled):
            buffer.writeMultipleIntegers(Kind.ready.rawValue, version, UInt8(clamping: unsettled.count))
            for name in unsettled.prefix(Self.mostUnsettled) { buffer.writeText(name) }
        case .done: buffer.writeInteger(Kind.done.rawValue)
        case .descriptor: buffer.writeInteger(Kind.descriptor.rawValue)
        case .failed(let fault):
            buffer.writeMultipleIntegers(Kind.failed.rawValue, fault.step.rawValue, fault.code)
        case .addresses(let addresses):
            buffer.writeInteger(Kind.addresses.rawValue)
            buffer.write(addresses)
        case .resolved(let answer):
            buffer.writeMultipleIntegers(Kind.resolved.rawValue, UInt8(clamping: answer.roundTrips))
            buffer.write(answer.addresses)
        case .notResolved(let failure):
            buffer.writeMultipleIntegers(
                Kind.notResolved.rawValue, failure.reason.rawValue, failure.code, UInt8(clamping: failure.roundTrips))
        case .counters(let counters):
            buffer.writeInteger(Kind.counters.rawValue)
            for value in counters.values { buffer.writeInteger(value) }
        }
    }

    /// Nil when the octets are no reply, or more than one.
    init?(decoding buffer: inout ByteBuffer) {
        guard let kind = buffer.readInteger(as: UInt8.self).flatMap(Kind.init) else { return nil }
        switch kind {
        case .ready:
            guard let (version, count) = buffer.readMultipleIntegers(as: (UInt8, UInt8).self),
                count <= Self.mostUnsettled
            else { return nil }
            var unsettled: [String] = []
            for _ in 0..<count {
                guard let name = buffer.readText() else { return nil }
                unsettled.append(name)
            }
            self = .ready(version: version, unsettled: unsettled)
        case .done: self = .done
        case .descriptor: self = .descriptor
        case .failed:
            guard let (step, code) = buffer.readMultipleIntegers(as: (UInt8, Int32).self),
                let step = HelperFault.Step(rawValue: step)
            else { return nil }
            self = .failed(HelperFault(step, code))
        case .addresses:
            guard let addresses = buffer.readAddressList() else { return nil }
            self = .addresses(addresses)
        case .resolved:
            guard let roundTrips = buffer.readInteger(as: UInt8.self), let addresses = buffer.readAddressList() else {
                return nil
            }
            self = .resolved(LookupAnswer(addresses: addresses, roundTrips: Int(roundTrips)))
        case .notResolved:
            guard let (reason, code, roundTrips) = buffer.readMultipleIntegers(as: (UInt8, UInt8, UInt8).self),
                let reason = LookupFailure.Reason(rawValue: reason)
            else { return nil }
            self = .notResolved(LookupFailure(reason, code: code, roundTrips: Int(roundTrips)))
        case .counters:
            var values: [UInt64] = []
            while values.count < DeviceCounters.count, let value = buffer.readInteger(as: UInt64.self) {
                values.append(value)
            }
            guard let counters = DeviceCounters(values) else { return nil }
            self = .counters(counters)
        }
        guard buffer.readableBytes == 0 else { return nil }
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ addresses: [IPAddress]) {
        let some = addresses.prefix(HelperReply.mostAddresses)
        writeInteger(UInt8(clamping: some.count))
        for address in some { write(address) }
    }

    fileprivate mutating func readAddressList() -> [IPAddress]? {
        guard let count = readInteger(as: UInt8.self), count <= HelperReply.mostAddresses else { return nil }
        var addresses: [IPAddress] = []
        for _ in 0..<count {
            guard let address = readAddress() else { return nil }
            addresses.append(address)
        }
        return addresses
    }
}
