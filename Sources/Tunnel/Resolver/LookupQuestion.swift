import NIOCore

/// A name to be looked up at the bearer's name servers.
struct LookupQuestion: Equatable {
    var name: String
    var families: Set<IPAddress.Family>
    /// For all tries together.
    var limit: TimeAmount
}

struct LookupAnswer: Equatable {
    /// Each once; those of one family in the server's order, IPv6 first.
    var addresses: [IPAddress]
    /// How often a question was sent until the answer was there.
    var roundTrips: Int
}

struct LookupFailure: Error, Equatable {
    enum Reason: UInt8 {
        case badName = 1
        case noServers
        /// The servers say that the name does not exist.
        case notFound
        /// The name exists, and has no address of a family that was asked for.
        case noAddress
        /// The servers answer with a response code that says they cannot: `code`.
        case refused
        case truncated
        /// The answer's aliases lead back to themselves.
        case looped
        case malformed
        /// What came belongs to no question that was asked.
        case forged
        case silent
        /// The name servers cannot be reached: `code` is the errno.
        case unreachable
    }

    let reason: Reason
    let code: UInt8
    let roundTrips: Int

    init(_ reason: Reason, code: UInt8 = 0, roundTrips: Int = 0) {
        self.reason = reason
        self.code = code
        self.roundTrips = roundTrips
    }
}
