/// File, environment and command line, one over the other: which of them each setting has its value from.
struct Layers {
    private(set) var given: [Option: Given] = [:]
    init(file: String?, environment: [String: String], flags: Flags) throws(SettingsError) {
        if let file { given = try Self.read(file) }
        for (option, value) in try Self.read(environment) { given[option] = value }
        for (option, words) in flags.words.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            given[option] = try Given(option, words: words, origin: .flag(name: option.rawValue))
        }
        try resolve()
    }

    subscript(option: Option) -> Given? { given[option] }

    /// What a modem's own entry may not overrule.
    func aboveFile(_ option: Option) -> Given? {
        given[option].flatMap { $0.origin.rank > Origin.file(path: "", line: 0, column: 0).rank ? $0 : nil }
    }

    private static func read(_ path: String) throws(SettingsError) -> [Option: Given] {
        let octets = try BoundedFile.read(path, limit: YAMLDocument.octetLimit)
        let root: YAMLNode?
        do {
            root = try YAMLDocument.parse(octets)
        } catch {
            let place = Origin.file(path: path, line: error.position.line, column: error.position.column)
            throw .syntax(problem: error.words, place)
        }
        guard let root else { return [:] }
        guard case .mapping(let entries) = root.content else {
            throw .syntax(
                problem: "the file is no mapping of settings: write each as name: value, with a blank behind the colon",
                .file(path: path, line: 1, column: 1))
        }
        var given: [Option: Given] = [:]
        for entry in entries {
            guard let option = Option(rawValue: entry.key) else {
                let nearest = NearestName.of(entry.key, among: Option.allCases.map(\.rawValue))
                throw .unknownKey(
                    entry.key, nearest: nearest,
                    .file(path: path, line: entry.position.line, column: entry.position.column))
            }
            given[option] = try Given(option, entry.value, kind: option.kind, path: path)
        }
        return given
    }

    /// Lists have a line for each of their values. An empty variable is one that is not set.
    private static func read(_ environment: [String: String]) throws(SettingsError) -> [Option: Given] {
        let names = Dictionary(uniqueKeysWithValues: Option.allCases.map { ($0.environmentName, $0) })
        var given: [Option: Given] = [:]
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("MODEMAIL_") {
            guard name != Settings.fileVariable, !value.isEmpty else { continue }
            guard let option = names[name] else {
                throw .unknownVariable(name, nearest: NearestName.of(name, among: names.keys.sorted()))
            }
            let words = option.kind == .words ? value.split(separator: "\n").map(String.init) : [value]
            given[option] = try Given(option, words: words, origin: .environment(name: name))
        }
        return given
    }

    /// Of settings that exclude each other, the one from the higher layer stays.
    private mutating func resolve() throws(SettingsError) {
        try exclude(.bodyFile, from: [.body])
        try exclude(.message, from: [.subject, .body, .bodyFile, .htmlFile, .attach, .header])
        try exclude(.modems, from: [.device])
        try exclude(.tokenFile, from: [.passwordFile])
        let fromInput = [Option.bodyFile, .htmlFile, .message, .attach].filter { option in
            given[option]?.words.contains { $0.text == "-" } ?? false
        }
        guard fromInput.count <= 1 else {
            throw .combination(
                problem: "\(fromInput.map(\.rawValue).joined(separator: " and ")) cannot both be standard input",
                isUsage: true)
        }
    }

    private mutating func exclude(_ one: Option, from others: [Option]) throws(SettingsError) {
        for other in others {
            guard let left = given[one], let right = given[other] else { continue }
            guard left.origin.rank != right.origin.rank else {
                throw .combination(
                    problem:
                        "\(one.rawValue) (\(left.origin)) and \(other.rawValue) (\(right.origin)) exclude each other",
                    isUsage: left.origin.rank == Origin.flag(name: "").rank)
            }
            given[left.origin.rank < right.origin.rank ? one : other] = nil
        }
    }
}

extension Origin {
    /// A higher one wins.
    var rank: Int {
        switch self {
        case .byDefault: 0
        case .file: 1
        case .environment: 2
        case .flag: 3
        }
    }
}
