/// The known name that somebody probably meant.
enum NearestName {
    /// The one that needs the fewest insertions, removals and changes, when these are few for its length; else the one that
    /// begins with what was written.
    static func of(_ name: String, among known: [String]) -> String? {
        let name = name.lowercased().prefix(64)
        let ranked = known.map { (name: $0, distance: distance(Array(name.utf8), Array($0.lowercased().utf8))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        if best.distance <= max(1, name.utf8.count / 3) { return best.name }
        return name.utf8.count >= 3 ? known.first { $0.lowercased().hasPrefix(name) } : nil
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, octet) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let change = diagonal + (octet == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
