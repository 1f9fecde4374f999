import Credentials
import FakeModem
import Glibc

/// Small files that options name.
enum Files {
    /// Octets that such a file may have.
    static let limit = 1 << 20
    /// Octets of a transcript; a mail of 25 MB makes about 3 MB.
    static let transcriptLimit = 1 << 26

    /// A whole text file.
    static func text(_ path: String, option: String, limit: Int = limit) throws(FakeModemError) -> String {
        guard let text = String(validating: try octets(path, option: option, limit: limit), as: UTF8.self) else {
            throw .badOption(option, given: path, wanted: "a file of UTF-8 text")
        }
        return text
    }

    /// Reads `USER:PASSWORD-FILE`; one line end behind the password is removed.
    static func account(_ text: String, option: String) throws(FakeModemError) -> Account {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else {
            throw .badOption(option, given: text, wanted: "USER:PASSWORD-FILE")
        }
        var password = try octets(String(text[text.index(after: colon)...]), option: option)
        if password.last == UInt8(ascii: "\n") { password.removeLast() }
        return Account(user: String(text[..<colon]), password: Secret(password))
    }

    private static func octets(_ path: String, option: String, limit: Int = limit) throws(FakeModemError) -> [UInt8] {
        // The path is copied for the call.
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw .badOption(option, given: path, wanted: "a file that can be read") }
        defer { close(number) }
        var result: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            // The buffer outlives the call, which writes at most its count.
            let count = unsafe part.withUnsafeMutableBytes { unsafe read(number, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw .badOption(option, given: path, wanted: "a file that can be read") }
            guard count > 0 else { return result }
            result += part[..<count]
            guard result.count <= limit else {
                throw .badOption(option, given: path, wanted: "a file of at most \(limit >> 20) MiB")
            }
        }
    }
}
