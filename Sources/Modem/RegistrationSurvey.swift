import AT

/// What the domains said in one round of questions, and what follows from it: pure.
struct RegistrationSurvey: Sendable, Equatable {
    var domains: [Registration] = []

    enum Verdict: Sendable, Equatable {
        case registered(Registration)
        /// A visited network, which is another matter than a home network only by its price.
        case roaming(Registration)
        /// The network refused; with its cause where it gave one.
        case denied(NetworkCause?)
        case waiting
    }

    /// The packet domains count; the circuit-switched one alone counts when neither of them is still trying, because modems
    /// that attach on demand stay unregistered for packets until then.
    var verdict: Verdict {
        if let usable = packets.first(where: { $0.status.isHome || $0.status.isRoaming }) {
            return Self.verdict(usable)
        }
        let isTrying = packets.contains { $0.status == .searching }
        if !isTrying, let denied = packets.first(where: { $0.status == .denied }), !Self.isPassing(denied) {
            return .denied(cause)
        }
        if !isTrying, let circuit, circuit.status.isHome || circuit.status.isRoaming,
            packets.allSatisfy({ $0.status == .notSearching || $0.status == .unknown })
        {
            return Self.verdict(circuit)
        }
        if !isTrying, circuit?.status == .denied { return .denied(cause) }
        return .waiting
    }

    /// The cause of the first domain that names one.
    var cause: NetworkCause? {
        domains.lazy.filter { $0.status == .denied }.compactMap(\.rejectCause).first.map {
            NetworkCause(.registration, $0)
        }
    }

    /// For a person, the most telling domain first.
    var words: String {
        let statuses = domains.map(\.status)
        if let denied = cause { return "denied, \(denied.description)" }
        if statuses.contains(.denied) { return "denied" }
        if statuses.contains(.emergencyOnly) { return "emergency calls only" }
        if statuses.contains(.restrictedServices) { return "restricted services only" }
        if statuses.contains(.searching) { return "searching" }
        if statuses.contains(.unknown) { return "out of coverage" }
        if domains.isEmpty { return "the modem does not tell" }
        return "not searching"
    }

    private var packets: [Registration] { domains.filter { $0.domain != .circuitSwitched } }
    private var circuit: Registration? { domains.first { $0.domain == .circuitSwitched } }

    private static func verdict(_ registration: Registration) -> Verdict {
        registration.status.isRoaming ? .roaming(registration) : .registered(registration)
    }

    /// After these causes the modem tries another cell or comes back (no suitable cell, switch not reachable, network failure,
    /// congestion).
    private static func isPassing(_ registration: Registration) -> Bool {
        switch registration.rejectCause {
        case 15, 16, 17, 22: true
        case nil, .some: false
        }
    }
}

extension RegistrationStatus {
    /// In a form that is usable for data, in the home network. `SMS only` is none.
    var isHome: Bool { self == .home || self == .fallbackNotPreferredHome }
    var isRoaming: Bool { self == .roaming || self == .fallbackNotPreferredRoaming }
}
