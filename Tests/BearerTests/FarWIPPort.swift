import AT
import Bearer
import ByteStreams
import Modem
import NIOCore
import Scopes
import Synchronization

/// An Open AT modem with the WIP plug-in as a `CommandPort`, by what its manuals say (at-dialects 3.10): three layers of a
/// bearer, indices that stay used until `+WIPCLOSE`, and a line that becomes a connection.
final class FarWIPPort: CommandPort {
    struct State {
        var commands: [String] = []
        var isStackStarted = false
        var isDeviceOpen = false
        var isSessionUp = false
        /// What the next starts of the session answer; when none is left, what the state says.
        var starts: [Int?] = []
        /// How often the stack is still refused, because the modem has not started in full.
        var refusedStacks = 0
        var hasPlugIn = true
        var used: Set<Int> = []
        /// By host: what `+WIPCREATE` answers, at once or behind its `OK`.
        var createErrors: [String: Int] = [:]
        var lateErrors: [String: Int] = [:]
        /// What `+WIPDATA` answers in place of `CONNECT`.
        var dataError: Int?
        /// Said when the line is back in command mode.
        var pendingLines: [String] = []
        var streams: [AsyncStream<ATLine>.Continuation] = []
        var line: DataLine?
    }

    let state = Mutex(State())

    var commands: [String] { state.withLock { $0.commands } }
    /// The commands that change something.
    var deeds: [String] { commands.filter { !$0.hasSuffix("?") && !$0.hasPrefix("AT+WIPBR=3") && $0 != "AT+CEER" } }
    var isDown: Bool { state.withLock { !$0.isStackStarted && !$0.isDeviceOpen && !$0.isSessionUp && $0.used.isEmpty } }

    func unsolicited() async -> AsyncStream<ATLine> {
        let (stream, continuation) = AsyncStream<ATLine>.makeStream()
        state.withLock { state in
            state.streams.append(continuation)
            // A reader that comes while the line is still online hears what is said behind it.
            for text in state.pendingLines { continuation.yield(ATLine(text)) }
            state.pendingLines = []
        }
        return stream
    }

    func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) async {}

    func perform(_ exchange: Exchange) async throws(ATError) -> Exchange.Answer {
        if Task.isCancelled { throw .cancelled }
        return state.withLock { $0.answer(exchange.text.wire) }
    }

    func connect(_ exchange: Exchange) async throws(ATError) -> any DataModeLine {
        let (line, code) = state.withLock { state in (state.line, state.dataMode(exchange.text.wire)) }
        guard case .connect = code, let line else { throw .refused(command: exchange.text.redacted, code: code) }
        line.rejoin()
        return line
    }
}

extension FarWIPPort.State {
    fileprivate mutating func answer(_ text: String) -> Exchange.Answer {
        commands.append(text)
        guard hasPlugIn || !text.hasPrefix("AT+WIP") else { return .init(result: .error) }
        switch text {
        case "AT+WIPCFG=1" where refusedStacks > 0:
            refusedStacks -= 1
            return error(803)
        case "AT+WIPCFG=1": return raise(\.isStackStarted, already: 844)
        case "AT+WIPCFG=0": return isDeviceOpen ? error(803) : lower(\.isStackStarted)
        case "AT+WIPCFG?": return isStackStarted ? .init(lines: [ATLine("+WIPCFG: 0,64")]) : error(803)
        case "AT+WIPBR?": return .init(lines: isDeviceOpen ? [ATLine("+WIPBR: 6,\(isSessionUp ? 1 : 0)")] : [])
        case "AT+WIPBR=1,6": return isStackStarted ? raise(\.isDeviceOpen, already: 804) : error(803)
        case "AT+WIPBR=0,6": return isSessionUp ? error(803) : lower(\.isDeviceOpen)
        case "AT+WIPBR=4,6,0": return start()
        case "AT+WIPBR=5,6": return lower(\.isSessionUp)
        case "AT+WIPBR=3,6,15":
            return isSessionUp ? .init(lines: [ATLine("+WIPBR: 6,15,\"10.0.0.7\"")]) : error(isStackStarted ? 831 : 803)
        default: break
        }
        if text.hasPrefix("AT+WIPBR=2,6,") { return isDeviceOpen ? .init() : error(803) }
        if text.hasPrefix("AT+WIPCREATE=2,") { return create(text.dropFirst(15)) }
        if text.hasPrefix("AT+WIPCLOSE=2,"), let index = Int(text.dropFirst(14)) {
            return used.remove(index) == nil ? error(831) : .init()
        }
        return .init(result: .error)
    }

    private func error(_ number: Int) -> Exchange.Answer { .init(result: .cme(number: number, text: "")) }

    private mutating func raise(_ layer: WritableKeyPath<Self, Bool>, already: Int) -> Exchange.Answer {
        guard !self[keyPath: layer] else { return error(already) }
        self[keyPath: layer] = true
        return .init()
    }

    private mutating func lower(_ layer: WritableKeyPath<Self, Bool>) -> Exchange.Answer {
        guard self[keyPath: layer] else { return error(803) }
        self[keyPath: layer] = false
        return .init()
    }

    private mutating func start() -> Exchange.Answer {
        guard isDeviceOpen else { return error(803) }
        if !starts.isEmpty, let number = starts.removeFirst() { return error(number) }
        return raise(\.isSessionUp, already: 803)
    }

    private mutating func create(_ parameters: Substring) -> Exchange.Answer {
        let fields = parameters.split(separator: ",")
        guard isSessionUp, let index = fields.first.flatMap({ Int($0) }) else { return error(803) }
        guard !used.contains(index) else { return error(840) }
        let host = String(fields[1].dropFirst().dropLast())
        if let number = createErrors[host] { return error(number) }
        used.insert(index)
        if let number = lateErrors[host] { return .init(result: .vendor("+WIPERROR: 2,\(index),\(number)")) }
        return .init(completingLine: ATLine("+WIPREADY: 2,\(index)"))
    }

    fileprivate mutating func dataMode(_ text: String) -> FinalResultCode {
        commands.append(text)
        if let dataError { return .cme(number: dataError, text: "") }
        return text.hasPrefix("AT+WIPDATA=2,1,") && used.contains(1) ? .connect("") : .cme(number: 831, text: "")
    }
}
