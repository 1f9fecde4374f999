import NIOCore

/// What is to happen later, in order of time, and of entry where times are equal.
struct Agenda<Item> {
    private var entries: [(time: NIODeadline, item: Item)] = []

    var next: NIODeadline? { entries.first?.time }

    mutating func add(_ item: Item, at time: NIODeadline) {
        let index = entries.firstIndex { $0.time > time } ?? entries.endIndex
        entries.insert((time, item), at: index)
    }

    /// The first item whose time has come, with that time.
    mutating func pop(now: NIODeadline) -> Item? {
        guard let first = entries.first, first.time <= now else { return nil }
        return entries.removeFirst().item
    }

    /// Whether there were any.
    @discardableResult
    mutating func removeAll(where isStale: (Item) -> Bool) -> Bool {
        let count = entries.count
        entries.removeAll { isStale($0.item) }
        return entries.count < count
    }
}
