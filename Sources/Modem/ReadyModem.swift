public import AT

/// A modem that can carry a bearer: what bring-up found out and set on the way.
public struct ReadyModem: Sendable, Equatable {
    public let identity: ModemIdentity
    public let profile: ModemProfile
    /// The registration that carries data.
    public let registration: Registration
    /// Defined, not yet activated by us.
    public let context: PDPContext

    public init(identity: ModemIdentity, profile: ModemProfile, registration: Registration, context: PDPContext) {
        self.identity = identity
        self.profile = profile
        self.registration = registration
        self.context = context
    }
}
