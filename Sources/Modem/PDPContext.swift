public import Credentials

/// The PDP context that carries the bearer: what bring-up found or defined, and what puts it back (3GPP TS 27.007 §10.1.1).
///
/// Bring-up defines it; the bearer activates it in its dialect's way and hands it back to `ContextKeeper.restore`.
public struct PDPContext: Sendable, Equatable {
    /// 1 to 16; the first is the one that an LTE modem attaches with.
    public var cid: Int
    public var type: PDPType
    /// Nil: the access point that the subscription or the network names.
    public var apn: String?
    /// Nil: no authentication.
    public var account: PDPAccount?
    /// Whether the modem had a context under this cid before we came.
    public var wasDefined: Bool
    /// Whether it was active before we came, and so stays active when we go; nil where bring-up had no need to ask.
    public var wasActive: Bool?
    /// What `restore` has to do.
    public var restoration: Restoration

    public enum Restoration: Sendable, Equatable {
        /// Nothing was changed.
        case nothing
        /// The context did not exist: it is undefined again.
        case undefine
        /// The context had this definition: it is written again.
        case redefine(type: String, apn: String?)
    }

    public init(
        cid: Int, type: PDPType, apn: String? = nil, account: PDPAccount? = nil, wasDefined: Bool = true,
        wasActive: Bool? = nil, restoration: Restoration = .nothing
    ) {
        self.cid = cid
        self.type = type
        self.apn = apn
        self.account = account
        self.wasDefined = wasDefined
        self.wasActive = wasActive
        self.restoration = restoration
    }
}

/// The PDP types that carry mail (3GPP TS 27.007 §10.1.1).
public enum PDPType: String, Sendable, Equatable, CaseIterable {
    case ipv4 = "IP"
    case ipv6 = "IPV6"
    case ipv4v6 = "IPV4V6"
}

/// The account of an access point.
public struct PDPAccount: Sendable, Equatable {
    public var user: String
    public var password: Secret
    public var authentication: Authentication

    /// How the account is proven to the network.
    public enum Authentication: String, Sendable, Equatable, CaseIterable {
        case pap
        case chap
        /// The modem or the network chooses; CHAP where the command has no such value.
        case papOrCHAP
    }

    public init(user: String, password: Secret, authentication: Authentication = .papOrCHAP) {
        self.user = user
        self.password = password
        self.authentication = authentication
    }
}
