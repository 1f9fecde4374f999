import Scopes

/// Where something stands in a file; both count from 1, columns in characters.
struct YAMLPosition: Equatable {
    let line: Int
    let column: Int
}

/// A value of a YAML document, with its place. Scalars are text: what they mean is their setting's business.
struct YAMLNode: Equatable {
    indirect enum Content: Equatable {
        case scalar(String)
        case list([YAMLNode])
        case mapping([YAMLEntry])
    }

    let position: YAMLPosition
    let content: Content
}

struct YAMLEntry: Equatable {
    let key: String
    let position: YAMLPosition
    let value: YAMLNode
}

/// Why a document is refused.
struct YAMLProblem: Error, Equatable {
    let words: String
    let position: YAMLPosition
}

/// One document as a tree, within bounds. The part of YAML 1.1 that settings need: no anchors, aliases, tags, second
/// documents or keys that are not plain text; nothing can grow beyond what is written.
struct YAMLDocument {
    /// Largest text, in octets.
    static let octetLimit = 262_144
    /// Lists and mappings within each other.
    static let depthLimit = 8
    /// Values and keys together.
    static let nodeLimit = 10_000

    private var reader: YAMLReader
    private var nodes = 0

    /// nil: the document is empty, or holds comments alone.
    static func parse(_ octets: [UInt8]) throws(YAMLProblem) -> YAMLNode? {
        guard octets.count <= octetLimit else {
            throw YAMLProblem(
                words: "the file is larger than \(octetLimit) octets", position: .init(line: 1, column: 1))
        }
        let hasMark = octets.starts(with: [0xEF, 0xBB, 0xBF])
        var document = try YAMLDocument(reader: YAMLReader(hasMark ? Array(octets.dropFirst(3)) : octets))
        return try document.root()
    }

    private init(reader: YAMLReader) {
        self.reader = reader
    }

    private mutating func root() throws(YAMLProblem) -> YAMLNode? {
        var root: YAMLNode?
        while true {
            let event = try reader.next()
            switch event.kind {
            case .streamEnd: return root
            case .other: continue
            case .scalar, .listStart, .mappingStart, .listEnd, .mappingEnd, .refused:
                guard root == nil else {
                    throw YAMLProblem(words: "a second document is not supported", position: event.position)
                }
                root = try node(event, depth: 0)
            }
        }
    }

    private mutating func node(_ event: YAMLReader.Event, depth: Int) throws(YAMLProblem) -> YAMLNode {
        nodes += 1
        guard nodes <= Self.nodeLimit else {
            throw YAMLProblem(words: "the file holds more than \(Self.nodeLimit) values", position: event.position)
        }
        guard depth <= Self.depthLimit else {
            throw YAMLProblem(words: "lists and mappings are nested too deep", position: event.position)
        }
        switch event.kind {
        case .scalar(let text): return YAMLNode(position: event.position, content: .scalar(text))
        case .listStart: return YAMLNode(position: event.position, content: .list(try list(depth: depth + 1)))
        case .mappingStart: return YAMLNode(position: event.position, content: .mapping(try mapping(depth: depth + 1)))
        case .refused(let words): throw YAMLProblem(words: words, position: event.position)
        case .listEnd, .mappingEnd, .streamEnd, .other:
            throw YAMLProblem(words: "a value is missing", position: event.position)
        }
    }

    private mutating func list(depth: Int) throws(YAMLProblem) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let event = try reader.next()
            if event.kind == .listEnd { return items }
            items.append(try node(event, depth: depth))
        }
    }

    private mutating func mapping(depth: Int) throws(YAMLProblem) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var keys: Set<String> = []
        while true {
            let event = try reader.next()
            if event.kind == .mappingEnd { return entries }
            let node = try node(event, depth: depth)
            guard case .scalar(let key) = node.content else {
                throw YAMLProblem(words: "a key must be plain text", position: event.position)
            }
            guard keys.insert(key).inserted else {
                throw YAMLProblem(words: "the key \(key.printable(limit: 80)) is there twice", position: event.position)
            }
            let value = try self.node(try reader.next(), depth: depth)
            entries.append(YAMLEntry(key: key, position: event.position, value: value))
        }
    }
}
