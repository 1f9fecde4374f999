import NIOCore

/// A socket number that was taken, until the host or the family frees it.
struct SocketSlot {
    enum Access: Int {
        case buffer = 0
        case push = 1
        case transparent = 2
    }

    enum State: Equatable {
        case opening
        /// It never connected; the number stays taken all the same.
        case failed
        case connected
        /// The peer ended it (or the bearer died): what was received can still be read.
        case ended
        /// A close waits for what is unacknowledged.
        case closing(token: Int)
    }

    let key: SocketKey
    let context: Int
    let host: String
    let port: Int
    let localPort: Int
    var access: Access
    var state = State.opening
    /// The command that waits for a transparent connection.
    var opener: Int?
    var received = ByteBuffer()
    /// Octets that the carrier still brings.
    var inTransit = 0
    var totalReceived = 0
    var totalRead = 0
    /// Whether the next arrival is announced: only when everything before was read.
    var isArmed = true
    /// The peer reset it.
    var wasReset = false
    /// The peer has ended its direction, and the host may still send.
    var isHalfOpen = false
    /// The host has ended its own direction.
    var hasFinished = false
    var totalSent = 0
    var totalAcknowledged = 0

    var takesOctets: Bool { (state == .connected || isHalfOpen) && !hasFinished }

    var unacknowledged: Int { totalSent - totalAcknowledged }
}
