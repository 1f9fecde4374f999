import NIOCore

/// The account of what was opened and closed: a running balance, and the entries that nobody has taken yet.
struct Ledger {
    private let start: NIODeadline
    private(set) var balance = Balance()
    private(set) var entries: [LedgerEntry] = []

    init(start: NIODeadline) {
        self.start = start
    }

    mutating func opened(_ resource: LedgerResource, _ detail: String, now: NIODeadline) {
        balance.open[resource, default: 0] += 1
        balance.opened[resource.kind, default: 0] += 1
        add(.opened(resource), detail, now)
    }

    /// Nothing happens when it is not open. The last close of all adds the line that says so.
    mutating func closed(_ resource: LedgerResource, _ detail: String, now: NIODeadline) {
        guard let count = balance.open[resource] else { return }
        balance.open[resource] = count > 1 ? count - 1 : nil
        add(.closed(resource), detail, now)
        if balance.isBalanced { add(.balanced(balance), "", now) }
    }

    mutating func note(_ name: String, _ detail: String, now: NIODeadline) {
        add(.note(name), detail, now)
    }

    mutating func end(now: NIODeadline) {
        add(.end(balance), "", now)
    }

    /// The entries since the last call.
    mutating func take() -> [LedgerEntry] {
        defer { entries.removeAll(keepingCapacity: true) }
        return entries
    }

    private mutating func add(_ event: LedgerEntry.Event, _ detail: String, _ now: NIODeadline) {
        entries.append(LedgerEntry(time: now - start, event: event, detail: detail))
    }
}
