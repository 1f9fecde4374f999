import Glibc
import NIOCore

/// A host's side of a pty, as bare as a script's: it types octets and reads what comes, with a limit on every wait.
///
/// Blocking calls: to be used from `Task.detached` or a test's own thread for short whiles.
final class RawHost {
    struct TimedOut: Error, CustomStringConvertible {
        let wanted: String
        let seen: String
        var description: String { "waited for \(wanted.debugDescription), saw \(seen.debugDescription)" }
    }

    private let number: Int32
    private(set) var seen: [UInt8] = []

    init(_ path: String) throws {
        number = unsafe open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard number >= 0 else { throw TimedOut(wanted: "open \(path)", seen: "errno \(errno)") }
        var settings = termios()
        unsafe tcgetattr(number, &settings)
        unsafe cfmakeraw(&settings)
        unsafe tcsetattr(number, TCSANOW, &settings)
    }

    deinit { close() }

    private var isOpen = true

    func close() {
        guard isOpen else { return }
        isOpen = false
        _ = Glibc.close(number)
    }

    func type(_ octets: [UInt8]) throws {
        var rest = octets[...]
        while !rest.isEmpty {
            let part = Array(rest)
            let count = unsafe part.withUnsafeBytes { unsafe write(number, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else { try wait(Int16(POLLOUT), for: "room") }
        }
    }

    func type(_ text: String) throws { try type(Array(text.utf8)) }

    private func wait(_ events: Int16, for wanted: String) throws {
        var status = pollfd(fd: number, events: events, revents: 0)
        guard unsafe poll(&status, 1, 10_000) > 0 else {
            throw TimedOut(wanted: wanted, seen: String(decoding: seen.suffix(400), as: UTF8.self))
        }
    }

    /// Reads until the octets hold `text`; answers with everything up to and including it, and forgets that.
    @discardableResult
    func read(until text: String) throws -> [UInt8] {
        let wanted = Array(text.utf8)
        var from = 0
        while true {
            if let end = Self.end(of: wanted, in: seen, from: from) {
                defer { seen.removeFirst(end) }
                return Array(seen[..<end])
            }
            from = max(0, seen.count - wanted.count)
            try more(for: text)
        }
    }

    /// Reads until there are that many octets, and takes them.
    func read(count: Int) throws -> [UInt8] {
        while seen.count < count { try more(for: "\(count) octets") }
        defer { seen.removeFirst(count) }
        return Array(seen.prefix(count))
    }

    private func more(for wanted: String) throws {
        try wait(Int16(POLLIN), for: wanted)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress, $0.count) }
        guard count > 0 else {
            throw TimedOut(
                wanted: wanted, seen: "end of file after \(String(decoding: seen.suffix(400), as: UTF8.self))")
        }
        seen += buffer[..<count]
    }

    private static func end(of wanted: [UInt8], in octets: [UInt8], from: Int) -> Int? {
        guard octets.count >= wanted.count else { return nil }
        for start in from...(octets.count - wanted.count)
        where octets[start..<(start + wanted.count)].elementsEqual(wanted) {
            return start + wanted.count
        }
        return nil
    }

    /// Types a command, and reads up to `OK`.
    @discardableResult
    func ask(_ command: String, until end: String = "\r\nOK\r\n") throws -> String {
        try type(command + "\r")
        return String(decoding: try read(until: end), as: UTF8.self)
    }

    /// A guarded escape for a modem whose time runs 20 times as fast: waits by the silence of the line itself.
    func escape() throws {
        var status = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&status, 1, 100)  // two virtual seconds of silence
        try type("+++")
        try read(until: "\r\nOK\r\n")
    }

    /// Sends octets in chunks of 1,000 by the dialect's rules and reads what comes back, up to as many.
    func exchange(_ octets: [UInt8]) throws -> [UInt8] {
        var rest = octets[...]
        var answer: [UInt8] = []
        while answer.count < octets.count {
            if !rest.isEmpty {
                let chunk = Array(rest.prefix(1_000))
                try ask("AT+QISEND=0,\(chunk.count)", until: "> ")
                try type(chunk)
                if try result(of: ["SEND OK\r\n", "SEND FAIL\r\n"]) == 0 { rest = rest.dropFirst(chunk.count) }
            }
            try type("AT+QIRD=0,1500\r")
            try read(until: "+QIRD: ")
            let header = String(decoding: try read(until: "\r\n").dropLast(2), as: UTF8.self)
            answer += try read(count: Int(header) ?? 0)
            try read(until: "OK\r\n")
        }
        return answer
    }

    /// Which of these texts comes first.
    private func result(of texts: [String]) throws -> Int {
        while true {
            for (index, text) in texts.enumerated() {
                if let end = Self.end(of: Array(text.utf8), in: seen, from: 0) {
                    seen.removeFirst(end)
                    return index
                }
            }
            try more(for: texts.joined(separator: " or "))
        }
    }
}
