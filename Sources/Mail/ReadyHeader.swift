/// The header of a ready-made message on its way out: checked, completed, in ASCII.
struct ReadyHeader {
    /// All fields with their line ends, without the blank line.
    private(set) var text: String
    let messageID: String
    private(set) var needsSMTPUTF8 = false
    /// The first field of each name, unfolded; names in small letters. Only those that say what the body is.
    private var values: [String: String] = [:]
    private static let remembered: Set = [
        "mime-version", "content-type", "content-transfer-encoding", "dkim-signature",
    ]

    private static let removed: Set = ["bcc", "resent-bcc", "return-path"]
    private static let once: Set = [
        "date", "from", "sender", "reply-to", "to", "cc", "message-id", "in-reply-to", "references", "subject",
        "mime-version", "content-type", "content-transfer-encoding",
    ]
    private static let freeText: Set = ["subject", "comments"]

    init(_ scan: ReadyMessageScan, from: Mailbox, stamp: MessageStamp) throws(MailError) {
        var names: Set<String> = []
        var kept = ""
        var givenID: String?
        for field in scan.fields {
            let colon = field.octets.firstIndex(of: UInt8(ascii: ":")) ?? 0
            let name = String(decoding: field.octets[..<colon], as: UTF8.self)
            let key = name.lowercased()
            if Self.removed.contains(key) { continue }
            guard names.insert(key).inserted || !Self.once.contains(key) else {
                throw .line(field.line, problem: "has a second \(name) field")
            }
            if let control = field.octets.first(where: { ($0 < 0x20 && $0 != 0x0A && $0 != 0x09) || $0 == 0x7F }) {
                throw .line(field.line, problem: "holds the control character U+00\(control.hex) in a header field")
            }
            if Self.remembered.contains(key) {
                let text = String(decoding: field.octets[(colon + 1)...].filter { $0 != 0x0A }, as: UTF8.self)
                values[key] = values[key] ?? text.drop { $0 == " " || $0 == "\t" }.trimmedAtEnd
            }
            if key == "message-id" {
                givenID = String(decoding: field.octets[(colon + 1)...].filter { $0 > 0x20 }, as: UTF8.self)
            }
            if field.octets.allSatisfy({ $0 < 0x80 }) {
                kept += String(decoding: field.octets, as: UTF8.self).split(separator: "\n").joined(separator: "\r\n")
                kept += "\r\n"
            } else {
                kept += try Self.encoded(field, name: name, &needsSMTPUTF8)
            }
        }
        messageID = givenID ?? stamp.messageID(from: from.address)
        text = kept
        try complete(names, from: from, stamp: stamp)
        if names.isDisjoint(with: ["mime-version", "content-type"]), scan.bodyHas8Bit, scan.bodyIsUTF8 {
            values["mime-version"] = "1.0"
            values["content-type"] = "text/plain; charset=utf-8"
            text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            if !names.contains("content-transfer-encoding") { text += "Content-Transfer-Encoding: 8bit\r\n" }
        }
    }

    /// What a field of the message says, as it came; nil when it is missing.
    func value(of key: String) -> String? { values[key] }

    private mutating func complete(
        _ names: Set<String>, from: Mailbox, stamp: MessageStamp
    ) throws(MailError) {
        var fields = FieldWriter()
        if !names.contains("date"), let date = stamp.date { fields.words("Date", [date.fieldValue]) }
        if !names.contains("from") {
            try fields.mailboxes("From", [from])
            needsSMTPUTF8 = needsSMTPUTF8 || from.address.needsSMTPUTF8
        }
        if names.isDisjoint(with: ["to", "cc", "resent-to", "resent-cc"]) {
            fields.words("To", ["undisclosed-recipients:;"])
        }
        if !names.contains("message-id") { fields.words("Message-ID", [messageID]) }
        text += fields.text
    }

    private static func encoded(
        _ field: ReadyMessageScan.Field, name: String, _ needsSMTPUTF8: inout Bool
    ) throws(MailError) -> String {
        let colon = field.octets.firstIndex(of: UInt8(ascii: ":")) ?? 0
        guard let raw = String(validating: field.octets[(colon + 1)...].filter { $0 != 0x0A }, as: UTF8.self) else {
            throw .line(
                field.line, problem: "has 8-bit text that is no UTF-8 in a header field",
                remedy: "write the header in UTF-8, or in encoded words (RFC 2047)")
        }
        let value = String(raw.drop { $0 == " " || $0 == "\t" })
        let key = name.lowercased()
        var fields = FieldWriter()
        if HeaderField.addressFields.contains(key) {
            let list = try Mailbox.list(parsing: value)
            needsSMTPUTF8 = needsSMTPUTF8 || list.contains { $0.address.needsSMTPUTF8 }
            try fields.mailboxes(name, list)
        } else if freeText.contains(key) || key.hasPrefix("x-") {
            try fields.unstructured(name, value)
        } else {
            throw .line(
                field.line, problem: "has text outside ASCII in its field \(name)",
                remedy: "only Subject, Comments, X- fields and names may have it")
        }
        return fields.text
    }
}

extension Substring {
    fileprivate var trimmedAtEnd: String {
        String(self[..<(lastIndex { $0 != " " && $0 != "\t" }.map(index(after:)) ?? startIndex)])
    }
}
