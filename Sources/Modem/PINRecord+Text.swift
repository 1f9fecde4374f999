import Credentials

extension PINRecord {
    private static let headline = "modemail PIN guard 1"

    /// As it is kept: a headline, then a line a fact.
    var text: String {
        var lines = [Self.headline, "key \(hexadecimal(key))"]
        if let intent {
            lines.append("intent \(hexadecimal(intent.digest)) \(intent.triesLeft.map(String.init) ?? "-")")
        }
        lines += refused.map { "refused \(hexadecimal($0))" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Nil for text of any other form: a record that cannot be read is never taken for an empty one.
    init?(text: String) {
        guard text.utf8.count <= 8192, text.hasSuffix("\n") else { return nil }
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard lines.count >= 2, lines[0].joined(separator: " ") == Self.headline, lines[1].count == 2,
            lines[1][0] == "key",
            let key = Self.octets(lines[1][1])
        else { return nil }
        self.init(key: key)
        for words in lines[2...] {
            guard let digest = words.count > 1 ? Self.octets(words[1]) : nil else { return nil }
            switch (words[0], words.count) {
            case ("intent", 3) where intent == nil && (words[2] == "-" || UInt8(words[2]) != nil):
                intent = Intent(digest: digest, triesLeft: UInt8(words[2]).map(Int.init))
            case ("refused", 2) where refused.count < PINGuard.greatestRefused: refused.append(digest)
            default: return nil
            }
        }
    }

    /// 32 octets.
    private static func octets(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
        guard text.utf8.count == 64, digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
