import NIOCore

/// The framing of requests and replies on the stream socket: 2 octets of length, 4 of number, then the message; numbers in
/// network order.
enum HelperFrame {
    /// Octets behind the length, at most.
    static let limit = 2_048

    struct Malformed: Error {}

    static func write(_ number: UInt32, into buffer: inout ByteBuffer, _ body: (inout ByteBuffer) -> Void) {
        let start = buffer.writerIndex
        buffer.writeInteger(UInt16(0))
        buffer.writeInteger(number)
        body(&buffer)
        let length = buffer.writerIndex - start - 2
        precondition(length <= limit, "messages to and from the helper are bounded where they are made")
        buffer.setInteger(UInt16(length), at: start)
    }

    /// The next whole message; nil: not all of it is there yet.
    static func read(from buffer: inout ByteBuffer) throws(Malformed) -> (number: UInt32, message: ByteBuffer)? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self) else { return nil }
        guard (5...limit).contains(Int(length)) else { throw Malformed() }
        guard buffer.readableBytes >= 2 + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 2)
        guard let number = buffer.readInteger(as: UInt32.self), let message = buffer.readSlice(length: Int(length) - 4)
        else { throw Malformed() }
        return (number, message)
    }
}

extension ByteBuffer {
    mutating func write(_ address: IPAddress?) {
        writeInteger(UInt8(clamping: address?.octets.count ?? 0))
        if let address { writeBytes(address.octets) }
    }

    /// Nil: no such thing. Nil within: an address that is absent.
    mutating func readOptionalAddress() -> IPAddress?? {
        guard let count = readInteger(as: UInt8.self) else { return nil }
        if count == 0 { return .some(nil) }
        guard let octets = readBytes(length: Int(count)), let address = IPAddress(octets: octets) else { return nil }
        return address
    }

    mutating func readAddress() -> IPAddress? { readOptionalAddress() ?? nil }

    mutating func write(_ endpoint: Endpoint) {
        write(endpoint.address)
        writeInteger(endpoint.port)
    }

    mutating func readEndpoint() -> Endpoint? {
        guard let address = readAddress(), let port = readInteger(as: UInt16.self) else { return nil }
        return Endpoint(address, port)
    }

    /// At most 255 octets of UTF-8.
    mutating func writeText(_ text: String) {
        let octets = text.utf8.prefix(255)
        writeInteger(UInt8(octets.count))
        writeBytes(octets)
    }

    mutating func readText() -> String? {
        guard let count = readInteger(as: UInt8.self), let octets = readBytes(length: Int(count)) else { return nil }
        return String(validating: octets, as: UTF8.self)
    }
}
