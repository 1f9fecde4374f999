/// What a server takes in one session: transactions, their recipients, the domains of these (RFC 9422 §4). Pure.
struct SessionRoom: Sendable {
    /// Of one transaction.
    private(set) var recipients: Int
    /// Still to be begun; nil: any number.
    private var transactions: Int?
    private var domainLimit: Int?
    private var domains: Set<String> = []
    private let atMost: Int

    init(_ configuration: SMTPClient.Configuration) {
        recipients = max(1, configuration.recipientsPerTransaction)
        atMost = max(1, configuration.recipientsAtMost)
    }

    /// Once EHLO has been answered.
    mutating func limit(by capabilities: Capabilities) {
        if let limit = capabilities.recipientLimit { recipients = min(limit, atMost) }
        transactions = capabilities.transactionLimit
        domainLimit = capabilities.domainLimit
    }

    /// The server has shown that it takes no more.
    mutating func limit(recipients limit: Int) {
        recipients = max(1, min(recipients, limit))
    }

    /// Whether a transaction may still begin.
    var hasTransaction: Bool { transactions != 0 }

    /// Each MAIL counts, whatever is answered.
    mutating func beginTransaction() {
        transactions = transactions.map { max(0, $0 - 1) }
    }

    /// The first of `paths` that one transaction takes, and the others.
    mutating func admit(_ paths: [MailPath]) -> (taken: [MailPath], others: [MailPath]) {
        guard let domainLimit else { return (Array(paths.prefix(recipients)), Array(paths.dropFirst(recipients))) }
        var taken: [MailPath] = []
        var others: [MailPath] = []
        for path in paths {
            let isKnown = domains.contains(path.domain)
            if taken.count < recipients, isKnown || domains.count < domainLimit {
                domains.insert(path.domain)
                taken.append(path)
            } else {
                others.append(path)
            }
        }
        return (taken, others)
    }

    /// Whether one of `paths` could be in a further transaction.
    func admitsAny(of paths: [MailPath]) -> Bool {
        guard hasTransaction, let domainLimit else { return hasTransaction && !paths.isEmpty }
        return paths.contains { domains.count < domainLimit || domains.contains($0.domain) }
    }
}
