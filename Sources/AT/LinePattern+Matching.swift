extension LinePattern {
    /// Whether the line has this form.
    public func matches(_ text: String) -> Bool {
        matches(squeezed: text.squeezed)
    }

    func matches(squeezed text: String) -> Bool {
        switch self {
        case .exactly(let words): return text == words.squeezed
        case .prefix(let words): return text.hasPrefix(words.squeezed)
        case .numbered(let prefix, let first):
            guard text.hasPrefix(prefix.squeezed) else { return false }
            let number = text.dropFirst(prefix.squeezed.count).prefix { $0 != "," }
            return Int(number) == first
        case .leading(let number, let suffix):
            guard let comma = text.firstIndex(of: ","), Int(text[..<comma]) == number else { return false }
            return text[text.index(after: comma)...] == suffix.squeezed
        }
    }
}

extension String {
    /// Without blanks at both ends and behind colons and commas: makers differ in them. For matching alone.
    var squeezed: String {
        var result: [UInt8] = []
        result.reserveCapacity(utf8.count)
        var isBehindSeparator = true
        for octet in utf8 {
            if isBehindSeparator, octet == 0x20 || octet == 0x09 { continue }
            result.append(octet)
            isBehindSeparator = octet == UInt8(ascii: ":") || octet == UInt8(ascii: ",")
        }
        while result.last == 0x20 || result.last == 0x09 { result.removeLast() }
        return String(decoding: result, as: UTF8.self)
    }

    /// The parameters behind the first colon, blanks trimmed. Commas within quotes do not part.
    var parameters: [String] {
        guard let colon = firstIndex(of: ":") else { return [] }
        var result = [""]
        var isQuoted = false
        for character in self[index(after: colon)...] {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                result.append("")
            } else {
                result[result.count - 1].append(character)
            }
        }
        return result.map(\.squeezed)
    }
}
