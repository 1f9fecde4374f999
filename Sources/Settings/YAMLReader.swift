internal import CYAML
import Scopes

/// libyaml's parser as a sequence of events. The only file that sees the library.
///
/// A final class, since the parser keeps a pointer to itself and to its input.
@safe final class YAMLReader {
    struct Event: Equatable {
        enum Kind: Equatable {
            case scalar(String)
            case listStart
            case listEnd
            case mappingStart
            case mappingEnd
            case streamEnd
            /// Starts and ends that say nothing: of the stream and of a document.
            case other
            /// YAML that settings are not written in.
            case refused(String)
        }

        let kind: Kind
        let position: YAMLPosition
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var hasEnded = false

    init(_ octets: [UInt8]) throws(YAMLProblem) {
        // Both live as long as this object: the parser reads from the input until it is deleted.
        unsafe parser = .allocate(capacity: 1)
        unsafe input = .allocate(capacity: max(1, octets.count))
        for (index, octet) in octets.enumerated() { unsafe input[index] = octet }
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.initialize(to: yaml_parser_t())
            throw YAMLProblem(words: "no memory is left", position: YAMLPosition(line: 1, column: 1))
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, octets.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; `streamEnd` again and again at the end.
    func next() throws(YAMLProblem) -> Event {
        guard !hasEnded else { return Event(kind: .streamEnd, position: YAMLPosition(line: 1, column: 1)) }
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else {
            hasEnded = true
            throw problem()
        }
        // All that is kept of the event is copied before it is deleted.
        defer { unsafe yaml_event_delete(&event) }
        let position = unsafe Self.position(event.start_mark)
        let kind = unsafe Self.kind(event)
        if kind == .streamEnd { hasEnded = true }
        return Event(kind: kind, position: position)
    }

    private static func kind(_ event: yaml_event_t) -> Event.Kind {
        switch unsafe event.type {
        case YAML_SCALAR_EVENT: unsafe scalar(event.data.scalar)
        case YAML_SEQUENCE_START_EVENT:
            unsafe isBare(event.data.sequence_start.anchor, event.data.sequence_start.tag) ? .listStart : refusal
        case YAML_SEQUENCE_END_EVENT: .listEnd
        case YAML_MAPPING_START_EVENT:
            unsafe isBare(event.data.mapping_start.anchor, event.data.mapping_start.tag) ? .mappingStart : refusal
        case YAML_MAPPING_END_EVENT: .mappingEnd
        case YAML_STREAM_END_EVENT: .streamEnd
        case YAML_ALIAS_EVENT: refusal
        default: .other
        }
    }

    private static let refusal = Event.Kind.refused("anchors (&), aliases (*) and tags (!) are not supported")

    private static func isBare(_ anchor: UnsafeMutablePointer<UInt8>?, _ tag: UnsafeMutablePointer<UInt8>?) -> Bool {
        unsafe anchor == nil && tag == nil
    }

    private static func scalar(_ scalar: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar) -> Event.Kind {
        guard unsafe isBare(scalar.anchor, scalar.tag) else { return refusal }
        // libyaml's value has `length` octets, and lives until the event is deleted.
        let octets = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        guard let text = unsafe String(validating: Array(octets), as: UTF8.self) else {
            return .refused("the text is not UTF-8")
        }
        return .scalar(text)
    }

    private func problem() -> YAMLProblem {
        let mark = unsafe parser.pointee.problem_mark
        guard let words = unsafe parser.pointee.problem else {
            return YAMLProblem(words: "no memory is left", position: YAMLPosition(line: 1, column: 1))
        }
        // A static string of the library.
        let text = unsafe String(cString: words)
        guard unsafe parser.pointee.error == YAML_READER_ERROR else {
            let words = isIndentedByTab(Int(clamping: mark.line)) ? "a tab cannot indent: use blanks" : text
            return YAMLProblem(words: words, position: Self.position(mark))
        }
        return YAMLProblem(words: text, position: unsafe place(of: parser.pointee.problem_offset))
    }

    /// - Parameter line: counts from 0.
    private func isIndentedByTab(_ line: Int) -> Bool {
        let lines = unsafe input.split(separator: 0x0A, maxSplits: line + 1, omittingEmptySubsequences: false)
        guard unsafe lines.indices.contains(line) else { return false }
        return unsafe lines[line].prefix { $0 == 0x20 || $0 == 0x09 }.contains(0x09)
    }

    /// The reader's own errors have an offset in octets and no mark.
    private func place(of offset: Int) -> YAMLPosition {
        let before = unsafe input.prefix(max(0, min(offset, input.count)))
        let lines = unsafe before.count { $0 == 0x0A }
        let column = unsafe before.reversed().prefix { $0 != 0x0A }.count
        return YAMLPosition(line: lines + 1, column: column + 1)
    }

    private static func position(_ mark: yaml_mark_t) -> YAMLPosition {
        YAMLPosition(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    }
}
