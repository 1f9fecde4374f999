extension CertificateFailure {
    /// One line: which certificate at which depth, and what is wrong with it.
    public var summary: String {
        switch cause {
        case .missingIntermediate:
            "\(culprit) was issued by \"\(issuerWanted)\", and the server does not send that certificate"
        case .unknownRoot: "\(culprit) was issued by \"\(issuerWanted)\", which is not trusted here"
        case .anchorIsNoRoot:
            "the chain ends at \"\(lastSubject)\" from the trust store, which is an intermediate, not a root"
        case .untrustedRoot: "the server's chain ends at the root \"\(lastSubject)\", which is not trusted here"
        case .notPinned: "no key of \(serverName) is pinned; the server has \(pinsListed)"
        case .selfSigned: "\(culprit) is self-signed and not trusted here"
        case .clockNeverSet:
            "\(clockSource) shows \(judgedAt), before this program was made, so no certificate can be judged"
        case .notYetValid: "\(culprit) is valid from \(notBefore) on, and \(clockSource) shows \(judgedAt)"
        case .expired: "\(culprit) expired on \(notAfter), and \(clockSource) shows \(judgedAt)"
        case .otherName: "\(culprit) is not for \(serverName); it names \(namesListed)"
        case .notAnIssuer: "\(culprit) was used as an issuer and is no CA certificate"
        case .wrongPurpose: "\(culprit) is not meant for a TLS server"
        case .strictness: "\(culprit) breaks a rule of the strict mode: \(words)"
        case .pathTooLong: "\(culprit) may have no authority below it, and has one (path length)"
        case .outsideConstraints: "\(culprit) is for a name that an authority above it may not issue for: \(words)"
        case .weak: "\(culprit) is too weak for this system's security level: \(weakness)"
        case .other: "\(culprit) was refused: \(words)"
        }
    }

    /// One line: what a person does about it.
    public var advice: String? {
        switch cause {
        case .missingIntermediate:
            "ask the server's owner to send \"\(issuerWanted)\" too, or add that certificate to the trust anchor file"
        case .unknownRoot:
            "add \"\(issuerWanted)\" to the trust anchors; in force: \(trust.source), \(anchorsCounted)"
        case .anchorIsNoRoot:
            "switch partial chains on (what the file holds is then trusted as it is), or add its root \"\(issuerWanted)\""
        case .selfSigned:
            """
            if its owner confirms its key, pin it: --pin-sha256 \(path.first?.pin.map { "\($0)" } ?? "PIN"); or put the \
            certificate into a trust anchor file
            """
        case .untrustedRoot:
            "if its owner confirms the SHA-256 fingerprint \(lastFingerprint), put it into a trust anchor file"
        case .notPinned:
            "if the server's owner confirms that its key is a new one, give it as --pin-sha256; else another server answers"
        case .clockNeverSet: "set the clock: by NTP, by the network's time, or by hand"
        case .notYetValid: "check the clock first; else the server's owner installed the certificate too early"
        case .expired: "ask the server's owner to renew it; if that was done, check the clock and what the server sends"
        case .otherName(let nearest?): "if \"\(nearest)\" is the server that you mean, write that name"
        case .otherName(nearest: nil) where path.first?.names.contains { $0.contains("*") } == true:
            "a wildcard counts as the one label on the left of at least two others (RFC 9525): check the server's name"
        case .otherName(nearest: nil):
            "check the server's name; a provider's mail server often has the provider's own name"
        case .notAnIssuer:
            "this is not a CA certificate; ask the server's owner for the right chain, or correct the anchor file"
        case .wrongPurpose: "ask the server's owner for a certificate with the purpose serverAuth"
        case .strictness: "switch the strict mode off, or have the CA reissue the certificate"
        case .weak: "ask for a certificate with a key of RSA 2048 bits, EC P-256 or more, signed with SHA-256 or more"
        case .pathTooLong: "ask the server's owner for a chain whose authorities may issue each other"
        case .outsideConstraints:
            "ask the server's owner for a certificate of an authority that may issue for this name"
        case .other: "ask the server's owner for another certificate, and show this line"
        }
    }

    /// The summary, the chain a certificate at a time, the trust in force, the advice.
    public var explanation: [String] {
        var lines = [summary, "error \(code) at depth \(depth): \(words)"]
        for (index, element) in path.enumerated() {
            lines += element.lines(title: "\(index) \(element.role.rawValue), \(element.source.rawValue)")
        }
        for element in unused {
            lines += element.lines(title: "- \(element.role.rawValue), \(element.source.rawValue), not used")
        }
        lines.append(
            "trusted: \(trust.source), \(anchorsCounted), partial chains \(trust.allowsPartialChain ? "on" : "off")")
        lines += trust.pins.map { "pinned:  \($0)" }
        lines.append("judged at \(judgedAt) by \(clockSource)")
        if let advice { lines.append("advice: \(advice)") }
        return lines
    }

    // What is said depends on code and depth together; the names are those of the table in the library's manual.

    enum Cause: Equatable {
        case missingIntermediate
        case unknownRoot
        case anchorIsNoRoot
        case untrustedRoot
        /// None of the path's keys is pinned.
        case notPinned
        case selfSigned
        case clockNeverSet
        case notYetValid
        case expired
        case otherName(nearest: String?)
        case notAnIssuer
        case wrongPurpose
        case strictness
        case pathTooLong
        /// `nameConstraints` of an authority (RFC 5280 §4.2.1.10).
        case outsideConstraints
        case weak
        case other
    }

    /// `X509_V_ERR_*` of OpenSSL 3; 24 was "not a CA" in OpenSSL 1.
    var cause: Cause {
        switch code {
        case 2 where isPinnedAlone, 18...21 where isPinnedAlone, 50: .notPinned
        case 20, 21: depth == 0 ? .missingIntermediate : .unknownRoot
        case 2: .anchorIsNoRoot
        case 19: .untrustedRoot
        case 18: .selfSigned
        case 9: judgedAt < programTime ? .clockNeverSet : .notYetValid
        case 10: judgedAt < programTime ? .clockNeverSet : .expired
        case 62, 64: .otherName(nearest: nearestName)
        case 24, 79: .notAnIssuer
        case 26: depth == 0 ? .wrongPurpose : .notAnIssuer
        case 77, 78, 80...93: .strictness
        case 25: .pathTooLong
        case 47...53: .outsideConstraints
        case 66, 67, 68: .weak
        default: .other
        }
    }

    private var element: ChainElement? { path.indices.contains(depth) ? path[depth] : nil }

    private var culprit: String {
        guard let element else { return "the certificate at depth \(depth)" }
        return switch (depth, element.role) {
        case (0, _): "the certificate of \(serverName) (\"\(element.subject)\")"
        case (_, .root): "the root \"\(element.subject)\" (depth \(depth))"
        case (_, .leaf), (_, .intermediate): "the intermediate \"\(element.subject)\" (depth \(depth))"
        }
    }

    private var issuerWanted: String { (element ?? path.last)?.issuer ?? "an unknown issuer" }
    private var lastSubject: String { path.last?.subject ?? "an unknown certificate" }
    private var lastFingerprint: String { path.last?.sha256 ?? "(unknown)" }
    private var notBefore: String { element.map { $0.notBefore.description } ?? "an unknown day" }
    private var notAfter: String { element.map { $0.notAfter.description } ?? "an unknown day" }
    private var anchorsCounted: String {
        if isPinnedAlone { return trust.pins.count == 1 ? "1 key" : "\(trust.pins.count) keys" }
        return trust.anchors == 1 ? "1 anchor" : "\(trust.anchors) anchors"
    }
    /// Whether the pinned keys stand in the place of all other anchors.
    private var isPinnedAlone: Bool { trust.anchors == 0 && !trust.pins.isEmpty }

    /// Those of the path and of what the server sent besides, four at most, so that they can be compared.
    private var pinsListed: String {
        let pins = (path + unused).prefix(4).compactMap { element in
            element.pin.map { "\($0) (\(element.role.rawValue) \"\(element.subject)\")" }
        }
        return pins.isEmpty ? "none that can be read" : pins.joined(separator: ", ")
    }

    private var weakness: String {
        guard let element else { return words }
        return code == 68 ? "signed with \(element.signatureAlgorithm)" : "its key is \(element.key)"
    }

    private var namesListed: String {
        guard let names = element?.names, !names.isEmpty else {
            return "no host in its subjectAltName (a common name does not count, RFC 9525)"
        }
        let shown = names.prefix(8).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }

    /// The name of the certificate that has the most final labels in common with the one asked for, two at least.
    private var nearestName: String? {
        let wanted = serverName.text.split(separator: ".").reversed()
        let candidates = (path.first?.names ?? []).map { name in
            (name, zip(wanted, name.lowercased().split(separator: ".").reversed()).prefix { $0 == $1 }.count)
        }
        guard let best = candidates.max(by: { $0.1 < $1.1 }), best.1 >= 2, !best.0.hasPrefix("*") else { return nil }
        return best.0
    }
}

extension ChainElement {
    fileprivate func lines(title: String) -> [String] {
        [
            title,
            "    subject \(subject)",
            "    issuer  \(issuer)",
            "    valid   \(notBefore) to \(notAfter)",
            "    key     \(key), signed with \(signatureAlgorithm)",
            "    sha256  \(sha256)",
            "    pin     \(pin.map { "\($0)" } ?? "(unknown)")",
        ] + (names.isEmpty ? [] : ["    names   \(names.joined(separator: ", "))"])
    }
}
