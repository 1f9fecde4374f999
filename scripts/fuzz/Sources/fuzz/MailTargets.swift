import Dispatch
import Glibc
import Mail
import NIOCore
import Settings

/// Addresses and lists: what is taken is emitted and read again as the same.
func fuzzMailAddress(_ octets: [UInt8]) {
    let text = String(decoding: octets, as: UTF8.self)
    if let address = try? MailAddress(parsing: text) {
        require((try? MailAddress(parsing: address.wire)) == address, "an address does not come back")
        require(!address.wire.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "a control character in an address")
    }
    _ = try? Mailbox.list(parsing: text)
}

/// The first line is the subject, the second a sender, the rest further fields: every message keeps the rules of lines.
func fuzzMailHeader(_ octets: [UInt8]) {
    let lines = octets.split(separator: 0x0A, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    guard let fallback = try? Mailbox(parsing: "a@example.com") else { return }
    var draft = MessageDraft(from: lines.count > 1 ? (try? Mailbox(parsing: lines[1])) ?? fallback : fallback)
    draft.subject = lines[0]
    draft.extraFields = lines.dropFirst(2).compactMap { try? HeaderField(parsing: $0) }
    draft.text = MemorySource(octets)
    draft.attachments = lines.prefix(2).compactMap { try? Attachment(name: $0, content: MemorySource(octets)) }
    let made = draft
    wait { await check(try? await made.prepare(stamp)) }
}

func fuzzReadyMessage(_ octets: [UInt8]) {
    guard let from = try? Mailbox(parsing: "a@example.com") else { return }
    wait { await check(try? await ReadyMessage(MemorySource(octets), from: from).prepare(stamp)) }
}

/// The whole of `config check`, from a file.
func fuzzSettings(_ octets: [UInt8]) {
    let path = "/dev/shm/modemail-fuzz-\(getpid()).yaml"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    _ = octets.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    close(file)
    defer { unlink(path) }
    do throws(SettingsError) {
        _ = try Settings.load(file: path, environment: [:], flags: Flags())
    } catch {
        require(!error.line.unicodeScalars.contains { $0.value < 0x20 }, "an error of more than one line")
    }
}

private let stamp = MessageStamp(date: nil, random: Array(0..<16))

/// Runs what never really suspends, to its end: on this thread, so that an input costs no change of threads.
private func wait(_ operation: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task.immediate {
        await operation()
        done.signal()
    }
    done.wait()
}

private func check(_ message: PreparedMessage?) async {
    for allows8Bit in [true, false] {
        guard let built = try? message?.encoded(allows8Bit: allows8Bit) else { continue }
        var octets: [UInt8] = []
        var reader = built.reader()
        while let chunk = try? await reader.next() { octets += chunk.readableBytesView }
        require(octets.count == built.octets, "a length that was not foretold")
        require(octets.suffix(2) == [0x0D, 0x0A], "no line end at the end")
        require(
            allows8Bit || !octets.contains { $0 >= 0x80 } || message?.needsSMTPUTF8 == true, "8-bit text unasked for")
        var previous: UInt8 = 0
        var line = 0
        for octet in octets {
            require((octet == 0x0A) == (previous == 0x0D) && octet != 0, "a lone CR, LF or NUL")
            line = octet == 0x0A ? 0 : line + 1
            require(line <= 999, "a line of more than 998 octets")
            previous = octet
        }
    }
}
