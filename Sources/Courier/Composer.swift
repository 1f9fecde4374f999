import Glibc
public import Mail
public import NIOPosix
public import Settings
public import SystemPackage

/// A message that is ready for the server: its envelope's addresses and its measured parts.
public struct ComposedMessage: Sendable {
    public let sender: MailAddress
    /// Each once, in the order of To, Cc, Bcc.
    public let recipients: [MailAddress]
    public let message: PreparedMessage
}

/// Makes a message of what the command line says.
public struct Composer {
    private let settings: MessageSettings
    private let scratch: FilePath
    private let threads: NIOThreadPool

    /// - Parameter scratch: a folder where standard input is copied to a nameless file.
    public init(_ settings: MessageSettings, scratch: FilePath, threads: NIOThreadPool) {
        self.settings = settings
        self.scratch = scratch
        self.threads = threads
    }

    /// Reads and measures every part. Throws `MailError`, `FileSourceError` or `SettingsError`.
    public func compose(_ stamp: MessageStamp) async throws -> ComposedMessage {
        guard let from = settings.from else {
            throw SettingsError.combination(problem: "--from is missing: who sends the message", isUsage: true)
        }
        let sender = try Mailbox(parsing: from)
        let to = try Self.mailboxes(settings.to)
        let cc = try Self.mailboxes(settings.cc)
        let bcc = try Self.mailboxes(settings.bcc)
        var seen: Set<MailAddress> = []
        let recipients = (to + cc + bcc).map(\.address).filter { seen.insert($0).inserted }
        guard !recipients.isEmpty else {
            throw SettingsError.combination(problem: "--to is missing: who gets the message", isUsage: true)
        }
        let message: PreparedMessage
        if let path = settings.message {
            message = try await ReadyMessage(try await source(path, option: "message"), from: sender).prepare(stamp)
        } else {
            message = try await draft(from: sender, to: to, cc: cc).prepare(stamp)
        }
        return ComposedMessage(sender: sender.address, recipients: recipients, message: message)
    }

    private func draft(from sender: Mailbox, to: [Mailbox], cc: [Mailbox]) async throws -> MessageDraft {
        var draft = MessageDraft(from: sender)
        draft.to = to
        draft.cc = cc
        draft.subject = settings.subject ?? ""
        if let body = settings.body {
            draft.text = MemorySource(body)
        } else if let path = settings.bodyFile {
            draft.text = try await source(path, option: "body-file")
        }
        if let path = settings.htmlFile { draft.html = try await source(path, option: "html-file") }
        for path in settings.attachments {
            let name = FilePath(path).lastComponent?.string ?? path
            draft.attachments.append(try Attachment(name: name, content: try await source(path, option: "attach")))
        }
        for field in settings.headers { draft.extraFields.append(try HeaderField(parsing: field)) }
        return draft
    }

    private func source(_ path: String, option: String) async throws -> FileSource {
        try await FileSource.open(path, option: option, scratch: scratch, threads: threads)
    }

    private static func mailboxes(_ words: [String]) throws(MailError) -> [Mailbox] {
        var list: [Mailbox] = []
        for word in words { list += try Mailbox.list(parsing: word) }
        return list
    }
}

extension MessageDate {
    /// 2026-01-01: a clock before it was never set.
    private static let earliest = 1_767_225_600

    /// The machine's clock and zone now; nil while that clock is not to be believed.
    public static func now() -> MessageDate? {
        var seconds = time(nil)
        guard seconds >= earliest else { return nil }
        var local = unsafe tm()
        unsafe localtime_r(&seconds, &local)
        return MessageDate(secondsSince1970: Int(seconds), zoneOffsetMinutes: unsafe Int(local.tm_gmtoff / 60))
    }
}
