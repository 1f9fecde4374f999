/// What one control protocol wants and takes: its options, for `ControlProtocol`, which knows none.
protocol ControlPolicy: Sendable {
    /// Of its frames.
    var protocolNumber: UInt16 { get }
    /// As in "LCP did not come to terms".
    var name: String { get }

    /// The options of our next Configure-Request.
    func request() -> [ConfigurationOption]

    /// What is answered to the peer's Configure-Request; what is acknowledged is kept.
    /// - Parameter mayNak: too many Configure-Naks went before: what would be nakked is rejected (RFC 1661 §4.6, Max-Failure).
    mutating func judge(_ options: [ConfigurationOption], mayNak: Bool) -> ConfigurationVerdict

    /// The peer acknowledged our request. False: with these options nothing can be done, and it is asked again after a while.
    mutating func acknowledged() -> Bool

    /// The peer wants other values of these.
    mutating func nakked(_ options: [ConfigurationOption])

    /// The peer does not take these at all.
    mutating func rejected(_ options: [ConfigurationOption])

    /// All that was agreed is void: the negotiation begins anew.
    mutating func restart()
}

enum ConfigurationVerdict: Sendable, Equatable {
    case ack
    /// These options, with values that would be taken.
    case nak([ConfigurationOption])
    /// These options, as they came.
    case reject([ConfigurationOption])
}
