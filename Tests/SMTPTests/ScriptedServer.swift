import ByteStreams
import NIOCore
import Scopes

/// A far side that follows a script, written from the RFCs by hand for each case:
///
///     S: 220 mx ESMTP        writes the line with CR LF
///     C: EHLO a.example      expects exactly this line with CR LF
///     RAW: …                 writes the text as it is, `\r` and `\n` understood
///     BODY: 12               expects so many octets, whatever they are
///     CLOSE                  closes
///     LOST                   the link is lost
///     SILENCE                stays connected and says nothing more; without it the script's end closes
///
/// What differs from the script is a line of `problems`.
actor ScriptedServer {
    private let stream: MemoryStream
    private var input = ByteBuffer()
    private(set) var problems: [String] = []

    init(_ stream: MemoryStream) {
        self.stream = stream
    }

    func run(_ script: String) async {
        for line in script.split(separator: "\n").map({ $0.drop(while: { $0 == " " }) }) where !line.isEmpty {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            let argument = parts.count > 1 ? String(parts[1].dropFirst(parts[1].hasPrefix(" ") ? 1 : 0)) : ""
            if parts[0] == "SILENCE" { return }
            guard await follow(parts[0], argument) else { break }
        }
        _ = await stream.close()
    }

    private func follow(_ verb: String, _ argument: String) async -> Bool {
        switch verb {
        case "S": return await write(argument + "\r\n")
        case "RAW":
            return await write(
                argument.replacing("\\r", with: "\r").replacing("\\n", with: "\n"))
        case "C": return await expect(argument)
        case "BODY": return await expect(octets: Int(argument) ?? 0)
        case "CLOSE": _ = await stream.close()
        case "LOST": stream.fail(.linkLost("NO CARRIER"))
        default: problems.append("the script has \(verb)")
        }
        return true
    }

    private func write(_ text: String) async -> Bool {
        do {
            try await stream.writeAll(ByteBuffer(string: text))
            return true
        } catch {
            problems.append("cannot write \(text): \(error)")
            return false
        }
    }

    private func expect(_ line: String) async -> Bool {
        while true {
            if let end = input.readableBytesView.firstIndex(of: 0x0A) {
                let length = end - input.readerIndex + 1
                let text = input.readString(length: length) ?? ""
                if text == line + "\r\n" { return true }
                problems.append("expected \(line), got \(text.printable())")
                return false
            }
            guard await more(for: line) else { return false }
        }
    }

    private func expect(octets: Int) async -> Bool {
        while input.readableBytes < octets {
            guard await more(for: "\(octets) octets") else { return false }
        }
        input.moveReaderIndex(forwardBy: octets)
        return true
    }

    private func more(for what: String) async -> Bool {
        do {
            if var octets = try await stream.read(atMost: 65_536) {
                input.writeBuffer(&octets)
                return true
            }
            problems.append("expected \(what), got the end; held: \(String(buffer: input).printable())")
        } catch {
            problems.append("expected \(what), got \(error)")
        }
        return false
    }
}
