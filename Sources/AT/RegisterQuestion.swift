/// A question with an answer that an earlier run's questions do not have: a row of S-registers in an order that chance gave.
///
/// `ATS4?S3?S3?S5?S4?` answers `010`, `013`, `013`, `008`, `010`, one a line, then `OK`. It only reads, changes nothing, and
/// every part of it is V.250's own (§5.2.1: basic commands behind each other; §6.2.1 to §6.2.3: the registers, which hold
/// 13, 10 and 8 wherever nobody changed them). Of such rows there are 243.
struct RegisterQuestion: Sendable, Equatable {
    private let registers: [Register]

    private enum Register: Int, CaseIterable {
        /// The character that ends a command line.
        case lineEnd = 3
        /// The character that a response ends with besides.
        case lineFeed = 4
        /// The character that deletes the one before it.
        case backspace = 5

        var value: Int {
            switch self {
            case .lineEnd: 13
            case .lineFeed: 10
            case .backspace: 8
            }
        }
    }

    /// - Parameter number: which row; counted modulo `count`.
    init(number: Int) {
        var rest = number
        registers = (0..<Self.length).map { _ in
            defer { rest /= 3 }
            switch rest % 3 {
            case 0: return .lineEnd
            case 1: return .lineFeed
            default: return .backspace
            }
        }
    }

    var text: String { "AT" + registers.map { "S\($0.rawValue)?" }.joined() }

    var answer: [Int] { registers.map(\.value) }

    /// Whether the values can answer some question of this kind.
    static func isAnswer(_ values: [Int]) -> Bool {
        values.count == length && values.allSatisfy { value in Register.allCases.contains { $0.value == value } }
    }

    /// The register values that the line is, nil for any other line: `013`; `013 010` of modems that do not break the line.
    static func values(_ line: String) -> [Int]? {
        let words = line.split(separator: " ")
        guard !words.isEmpty, words.count <= length else { return nil }
        var values: [Int] = []
        for word in words {
            guard (2...3).contains(word.utf8.count), word.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let value = Int(word)
            else { return nil }
            values.append(value)
        }
        return values
    }

    static let length = 5
    static let count = 243
}

/// Questions by chance; none comes twice within 32.
struct RegisterQuestions: Sendable {
    private var state: UInt64
    private var recent: [Int] = []

    /// - Parameter seed: random, and another one in each run.
    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> RegisterQuestion {
        var number = Int(random() % UInt64(RegisterQuestion.count))
        while recent.contains(number) { number = (number + 1) % RegisterQuestion.count }
        recent.append(number)
        if recent.count > Self.remembered { recent.removeFirst() }
        return RegisterQuestion(number: number)
    }

    /// SplitMix64.
    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private static let remembered = 32
}
