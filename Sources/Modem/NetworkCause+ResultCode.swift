import AT

extension NetworkCause {
    /// The cause that a result code of activation or attach stands for (3GPP TS 27.007 §9.2.2): most numbers above 100 are
    /// a cause of the network's plus 100.
    init?(_ code: FinalResultCode) {
        guard let number = code.equipmentError else { return nil }
        switch number {
        case 103, 106, 107, 108, 111...115, 122: self.init(.registration, number - 100)
        case 126...136: self.init(.session, number - 100)
        case 149: self.init(.session, 29)
        case 177: self.init(.session, 8)
        case 178: self.init(.session, 65)
        case 192: self.init(.session, 50)
        case 193: self.init(.session, 51)
        default: return nil
        }
    }

    /// The cause that the words of `+CEER` name, by number or by text.
    init?(_ report: ErrorReport, kind: Kind) {
        let words = report.words.lowercased()
        if report.isEmpty { return nil }
        if let code = report.cause, NetworkCause(kind, code).words != nil {
            self.init(kind, code)
            return
        }
        let known: [(text: String, code: Int)] =
            switch kind {
            case .session:
                [
                    ("ipv4 only", 50), ("ipv6 only", 51), ("unknown pdp", 28), ("unknown apn", 27), ("missing apn", 27),
                    ("authentication", 29), ("operator determined barring", 8), ("not subscribed", 33),
                    ("insufficient resources", 26),
                ]
            case .registration:
                [
                    ("illegal ms", 3), ("illegal me", 6), ("imei not accepted", 5), ("plmn not allowed", 11),
                    ("roaming not allowed", 13), ("congestion", 22),
                ]
            }
        guard let match = known.first(where: { words.contains($0.text) }) else { return nil }
        self.init(kind, match.code)
    }
}

extension PDPType {
    /// The type to try next after a context of this type was refused; nil when the cause is another one, or none is left.
    public func fallback(after cause: NetworkCause) -> PDPType? {
        guard cause.kind == .session else { return nil }
        return switch (cause.code, self) {
        case (50, .ipv6), (50, .ipv4v6), (52, .ipv4v6), (28, .ipv4v6), (28, .ipv6): .ipv4
        case (51, .ipv4), (51, .ipv4v6): .ipv6
        default: nil
        }
    }
}
