public import AT
import Scopes
import Synchronization
import Terminal

/// Where typed commands come from.
public protocol CommandSource: Sendable {
    /// nil: there are no more. Throws a `Failure` for a line that is not sent. One caller at a time.
    /// - Parameter baud: bits per second of the line.
    func next(baud: Int) async throws -> TypedCommand?
}

/// Typed commands from arguments, in order.
public final class CommandArguments: CommandSource {
    private let commands: Mutex<[TypedCommand]>

    /// Names of commands, for completions.
    public static let names = CommandNames.all.map { "AT" + $0 }

    /// Throws a `Failure` when one of them is not sent: before the line is opened.
    public init(_ lines: [String], baud: Int?) throws {
        let commands = try lines.map { try TypedCommand($0, baud: baud) }
        self.commands = Mutex(commands.reversed())
    }

    public func next(baud: Int) -> TypedCommand? { commands.withLock { $0.popLast() } }
}

/// Typed commands from standard input, one a line, as they come. Empty lines and those that begin with `#` are passed over.
public final class CommandInput: CommandSource {
    private let input = StandardInput()
    private let lines = Mutex(LineCutter(limit: 4 * TypedCommand.lengthLimit))

    public init() {}

    public func next(baud: Int) async throws -> TypedCommand? {
        while true {
            while let line = lines.withLock({ $0.next() }) {
                let text = line.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
                if text.isEmpty || text.hasPrefix("#") { continue }
                return try TypedCommand(line, baud: baud)
            }
            if lines.withLock({ $0.isOver }) { return nil }
            let octets = await input.read()
            try Task.checkCancellation()
            lines.withLock { lines in
                if let octets { lines.append(octets) } else { lines.end() }
            }
        }
    }
}

/// Cuts octets into lines. A line over the limit is given as its beginning, which is too long for a command.
struct LineCutter {
    private let limit: Int
    private var octets: [UInt8] = []
    private var isSkipping = false
    private(set) var hasEnded = false

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether no line comes any more.
    var isOver: Bool { hasEnded && octets.isEmpty }

    mutating func append(_ more: [UInt8]) { octets += more }

    mutating func end() { hasEnded = true }

    mutating func next() -> String? {
        while true {
            let end = octets.firstIndex(of: 0x0A)
            if end == nil, !hasEnded, octets.count <= limit { return nil }
            guard end != nil || !octets.isEmpty else { return nil }
            let line = octets[..<(end ?? octets.endIndex)].prefix(limit)
            octets.removeFirst(end.map { $0 + 1 } ?? octets.count)
            let wasSkipping = isSkipping
            isSkipping = end == nil && !hasEnded
            if !wasSkipping { return String(decoding: line, as: UTF8.self) }
        }
    }
}
