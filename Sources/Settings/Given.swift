import Scopes

/// The value of one setting as somebody gave it, and where.
struct Given: Equatable {
    struct Word: Equatable {
        let text: String
        let origin: Origin
    }

    indirect enum Content: Equatable {
        case words([Word])
        /// Keys in their order; each value's own place is in it.
        case mapping([(key: String, value: Given)])
        case list([Given])

        static func == (left: Content, right: Content) -> Bool {
            switch (left, right) {
            case (.words(let left), .words(let right)): left == right
            case (.list(let left), .list(let right)): left == right
            case (.mapping(let left), .mapping(let right)):
                left.map(\.key) == right.map(\.key) && left.map(\.value) == right.map(\.value)
            case (.words, _), (.list, _), (.mapping, _): false
            }
        }
    }

    let option: Option
    let origin: Origin
    let content: Content

    /// From the file: checks the form that `kind` asks for.
    init(_ option: Option, _ node: YAMLNode, kind: Kind, path: String) throws(SettingsError) {
        self.option = option
        let origin = Origin.file(path: path, line: node.position.line, column: node.position.column)
        self.origin = origin
        switch (kind, node.content) {
        case (.text, .scalar(let text)), (.words, .scalar(let text)), (.truth, .scalar(let text)),
            (.duration, .scalar(let text)), (.octets, .scalar(let text)), (.count, .scalar(let text)):
            content = .words([try Self.word(option, text, origin)])
        case (.words, .list(let items)):
            var words: [Word] = []
            for item in items {
                words += try Given(option, item, kind: .text, path: path).words
            }
            content = .words(words)
        case (.list(let inner), .list(let items)):
            var list: [Given] = []
            for item in items { list.append(try Given(option, item, kind: inner, path: path)) }
            content = .list(list)
        case (.mapping(let kinds), .mapping(let entries)):
            content = .mapping(
                try Self.entries(option, entries, path: path) {
                    kinds[$0]
                } known: {
                    kinds.keys.sorted()
                })
        case (.names, .mapping(let entries)):
            content = .mapping(
                try Self.entries(option, entries, path: path) { _ in
                    .words
                } known: {
                    []
                })
        case (.text, _), (.truth, _), (.duration, _), (.octets, _), (.count, _), (.words, _), (.list, _), (.mapping, _),
            (.names, _):
            throw .value(option, problem: "takes \(Self.words(for: kind))", origin)
        }
        try checkKind(kind)
    }

    /// From the command line or the environment, where only plain values can be given.
    init(_ option: Option, words: [String], origin: Origin) throws(SettingsError) {
        switch option.kind {
        case .mapping, .names, .list: throw .value(option, problem: "can only be set in the file", origin)
        case .text, .words, .truth, .duration, .octets, .count: break
        }
        self.option = option
        self.origin = origin
        content = .words(words.map { Word(text: $0, origin: origin) })
        try checkKind(option.kind)
    }

    var words: [Word] {
        if case .words(let words) = content { return words }
        return []
    }

    /// The last word: a flag that is given twice counts as its last.
    var word: Word? { words.last }

    subscript(key: String) -> Given? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    private func checkKind(_ kind: Kind) throws(SettingsError) {
        guard let word else { return }
        switch kind {
        case .truth: _ = try Units.truth(word, option)
        case .duration: _ = try Units.duration(word, option)
        case .octets: _ = try Units.octets(word, option)
        case .count: _ = try Units.count(word, option, within: 0...Int.max)
        case .text, .words, .mapping, .names, .list: return
        }
    }

    private static func word(_ option: Option, _ text: String, _ origin: Origin) throws(SettingsError) -> Word {
        guard !text.isEmpty, text != "~", text != "null" else { throw .value(option, problem: "has no value", origin) }
        guard !text.unicodeScalars.contains("\0") else { throw .value(option, problem: "holds a NUL", origin) }
        return Word(text: text, origin: origin)
    }

    private static func entries(
        _ option: Option, _ entries: [YAMLEntry], path: String, kind: (String) -> Kind?, known: () -> [String]
    ) throws(SettingsError) -> [(key: String, value: Given)] {
        var result: [(key: String, value: Given)] = []
        for entry in entries {
            guard let kind = kind(entry.key) else {
                throw .unknownKey(
                    "\(option.rawValue).\(entry.key)", nearest: NearestName.of(entry.key, among: known()),
                    .file(path: path, line: entry.position.line, column: entry.position.column))
            }
            result.append((entry.key, try Given(option, entry.value, kind: kind, path: path)))
        }
        return result
    }

    private static func words(for kind: Kind) -> String {
        switch kind {
        case .text: "one value, neither a list nor a mapping"
        case .words: "a value or a list of values"
        case .truth: "true or false"
        case .duration: "a duration such as 90s or 5m"
        case .octets: "a size such as 20MB"
        case .count: "a number"
        case .mapping(let keys): "a mapping of \(keys.keys.sorted().joined(separator: ", "))"
        case .names: "a mapping"
        case .list: "a list"
        }
    }
}
