import NIOCore

/// Quectel's codes of `+QIOPEN: id,err` and `+QIGETERROR` (TCP/IP application note, "Summary of Result Codes").
enum SocketError: Int, Equatable {
    case none = 0
    case unknown = 550
    case parameter = 552
    case openContext = 561
    case idInUse = 563
    case dnsFailed = 565
    case connectFailed = 566
    case closed = 567
    case busy = 568
    case timeout = 569
    case sendCancelled = 571
    case notAllowed = 572

    var words: String {
        switch self {
        case .none: "Operate successfully"
        case .unknown: "Unknown error"
        case .parameter: "Invalid parameters"
        case .openContext: "Open PDP context failed"
        case .idInUse: "Socket identity has been used"
        case .dnsFailed: "DNS parse failed"
        case .connectFailed: "Socket connect failed"
        case .closed: "Socket has been closed"
        case .busy: "Operation busy"
        case .timeout: "Operation timeout"
        case .sendCancelled: "Cancel send"
        case .notAllowed: "Operation not allowed"
        }
    }
}

/// A socket number that was taken by `+QIOPEN`, until `+QICLOSE` or `+QIDEACT` frees it.
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
        /// `+QICLOSE` waits for what is unacknowledged.
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
    var totalSent = 0
    var totalAcknowledged = 0

    var unacknowledged: Int { totalSent - totalAcknowledged }

    /// `<socket_state>` of `+QISTATE`.
    var number: Int {
        switch state {
        case .opening: 1
        case .connected: 2
        case .failed, .ended, .closing: 4
        }
    }
}
