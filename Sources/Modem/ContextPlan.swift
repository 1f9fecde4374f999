import AT

/// Which context carries the bearer, and what has to be written for it: pure.
struct ContextPlan: Sendable, Equatable {
    var cid: Int
    /// The definition that was found under this cid.
    var found: ContextDefinition?
    var isActive: Bool?
    /// What is written; nil: the found one stands as it is.
    var written: Definition?

    struct Definition: Sendable, Equatable {
        var type: PDPType
        var apn: String?
    }

    /// Access points of the operator's own services, which carry no mail.
    private static let services = ["ims", "sos", "xcap", "mms", "supl", "hos", "fota"]

    /// A found context that fits as it is, needing no further question; nil when there is none.
    ///
    /// Without a wanted APN that is the only context for the internet: with several, the active one counts.
    static func fitting(
        _ found: [ContextDefinition], apn: String?, type: PDPType?, greatestCID: Int, active: Set<Int>?
    ) -> ContextPlan? {
        let fitting = found.filter { definition in
            guard (1...greatestCID).contains(definition.cid), let itsType = PDPType(definition) else { return false }
            guard type == nil || type == itsType else { return false }
            return apn.map { isSame(definition.apn, $0) } ?? isForInternet(definition)
        }
        guard fitting.count > 1, apn == nil else {
            return fitting.first.map { ContextPlan(cid: $0.cid, found: $0, isActive: active?.contains($0.cid)) }
        }
        guard let active else { return nil }
        let best = fitting.first { active.contains($0.cid) } ?? fitting.first
        return best.map { ContextPlan(cid: $0.cid, found: $0, isActive: active.contains($0.cid)) }
    }

    /// A context to write: the first, with which LTE modems attach, unless it is active or serves the operator; else the
    /// lowest that is free; nil when none is.
    static func writing(
        _ found: [ContextDefinition], apn: String?, type: PDPType?, greatestCID: Int, active: Set<Int>
    ) -> ContextPlan? {
        guard greatestCID >= 1 else { return nil }
        let written = Definition(type: type ?? .ipv4v6, apn: apn)
        let first = found.first { $0.cid == 1 }
        if !active.contains(1), first.map(isForInternet) ?? true {
            return ContextPlan(cid: 1, found: first, isActive: false, written: written)
        }
        let taken = active.union(found.map(\.cid))
        return (1...greatestCID).first { !taken.contains($0) }
            .map { ContextPlan(cid: $0, found: nil, isActive: false, written: written) }
    }

    /// The network may have completed the name: `internet.mnc001.mcc262.gprs` (3GPP TS 23.003 §9.1).
    private static func isSame(_ found: String?, _ wanted: String) -> Bool {
        guard let found = found?.lowercased() else { return false }
        return found == wanted.lowercased() || found.hasPrefix(wanted.lowercased() + ".mnc")
    }

    private static func isForInternet(_ definition: ContextDefinition) -> Bool {
        let apn = definition.apn?.lowercased() ?? ""
        return !services.contains { apn == $0 || apn.hasPrefix($0 + ".") }
    }
}

extension PDPType {
    /// Nil for a type that carries no mail (`PPP`, `Non-IP`).
    init?(_ definition: ContextDefinition) {
        self.init(rawValue: definition.type.uppercased())
    }
}
