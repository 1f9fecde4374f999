import NIOCore

/// Quectel's codes of `+QIOPEN: id,err` and `+QIGETERROR` (TCP/IP application note, "Summary of Result Codes").
enum QuectelError: Int, Equatable {
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
