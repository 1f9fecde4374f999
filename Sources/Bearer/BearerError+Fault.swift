import Modem

extension BearerError {
    /// What a socket's fault says of an attempt to connect.
    init(_ fault: SocketFault, _ endpoint: SocketEndpoint, _ context: PDPContext) {
        let (host, port, words) = (endpoint.host, endpoint.port, fault.words)
        switch fault.kind {
        case .nameNotResolved: self = .nameNotResolved(host: host, words: words)
        case .connectFailed, .reset, .busy, .other: self = .connectFailed(host: host, port: port, words: words)
        case .timedOut: self = .connectTimedOut(host: host, port: port)
        case .slotBusy, .noFreeSlot: self = .noFreeSocket(words: words)
        case .bearerDown, .lost: self = .linkLost(words: words)
        case .accessPoint: self = .contextRefused(.contextRefused(apn: context.apn, cause: nil, words: words))
        case .parameter: self = .unusable(words: words)
        case .modem: self = .socketsFailed(words: words)
        case .closedHere: self = .interrupted
        }
    }
}
