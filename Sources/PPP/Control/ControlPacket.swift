public import NIOCore

/// A packet of a control protocol: code, identifier, length (4 octets and the data), data (RFC 1661 §5).
public struct ControlPacket: Sendable, Equatable {
    public var code: UInt8
    public var identifier: UInt8
    public var data: [UInt8]

    public init(_ code: UInt8, _ identifier: UInt8, _ data: [UInt8] = []) {
        self.code = code
        self.identifier = identifier
        self.data = data
    }

    /// Nil where the length is less than four or more than what is there: such a packet is dropped in silence (RFC 1661 §5).
    /// Octets behind the length are padding.
    public init?(_ octets: ByteBuffer) {
        var octets = octets
        guard let (code, identifier, length) = octets.readMultipleIntegers(as: (UInt8, UInt8, UInt16).self),
            length >= 4, let data = octets.readBytes(length: Int(length) - 4)
        else { return nil }
        self.init(code, identifier, data)
    }

    /// Data beyond 65,531 octets is cut, which nothing here makes.
    public var octets: ByteBuffer {
        let data = data.prefix(65_531)
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(code, identifier, UInt16(data.count + 4))
        buffer.writeBytes(data)
        return buffer
    }
}

/// Codes that every control protocol has (RFC 1661 §5), and those of LCP alone.
enum ControlCode {
    static let configureRequest: UInt8 = 1
    static let configureAck: UInt8 = 2
    static let configureNak: UInt8 = 3
    static let configureReject: UInt8 = 4
    static let terminateRequest: UInt8 = 5
    static let terminateAck: UInt8 = 6
    static let codeReject: UInt8 = 7
    static let protocolReject: UInt8 = 8
    static let echoRequest: UInt8 = 9
    static let echoReply: UInt8 = 10
    static let discardRequest: UInt8 = 11
    /// RFC 1570 §1.1: tells who the peer is, and wants no answer.
    static let identification: UInt8 = 12
    /// RFC 1570 §1.2.
    static let timeRemaining: UInt8 = 13
}
