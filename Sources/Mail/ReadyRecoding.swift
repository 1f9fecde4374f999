import Scopes

/// How a ready-made message with 8-bit text becomes one in 7 bits, for a server without 8BITMIME (RFC 6152 §3): a body that
/// is one part gets quoted-printable or base64, whichever is shorter. What would change more than the form is refused: parts
/// within parts, a signature over the text, an encoding that is not what it says.
struct ReadyRecoding: Sendable {
    private let source: any OctetSource
    private let name: String
    private let start: Int
    /// Without Content-Transfer-Encoding.
    private let header: String
    private let hasMIMEVersion: Bool
    private let hasContentType: Bool
    /// Why it may not be done.
    private let obstacle: String?

    init(source: any OctetSource, name: String, _ scan: ReadyMessageScan, _ header: ReadyHeader) {
        self.source = source
        self.name = name
        start = scan.bodyStart
        var kept = ""
        var isDropped = false
        for line in header.text.split(separator: "\r\n") {
            if line.first != " ", line.first != "\t" {
                isDropped = line.lowercased().hasPrefix("content-transfer-encoding:")
            }
            if !isDropped { kept += line + "\r\n" }
        }
        self.header = kept
        hasMIMEVersion = header.value(of: "mime-version") != nil
        hasContentType = header.value(of: "content-type") != nil
        obstacle = Self.obstacle(header)
    }

    private static func obstacle(_ header: ReadyHeader) -> String? {
        let type = header.value(of: "content-type")?.lowercased() ?? "text/plain"
        if type.hasPrefix("multipart/") { return "it has several parts" }
        if type.hasPrefix("message/") { return "it holds another message" }
        if header.value(of: "dkim-signature") != nil { return "it is signed (DKIM-Signature)" }
        let encoding = header.value(of: "content-transfer-encoding")?.lowercased() ?? "8bit"
        guard ["7bit", "8bit", "binary"].contains(encoding) else {
            return "it says to be \(encoding.printable(limit: 40)), and is not"
        }
        return nil
    }

    /// Reads the body once more, to measure it in each encoding.
    func segments() async throws(MailError) -> [PreparedMessage.Segment] {
        if let obstacle { throw .needs8BitTransport(because: obstacle) }
        let part = try await MeasuredPart(source, name: name, from: start, isText: true, closing: .message)
        var header = header
        if !hasMIMEVersion { header += "MIME-Version: 1.0\r\n" }
        if !hasContentType { header += "Content-Type: text/plain; charset=\(part.charset)\r\n" }
        return [.literal(header), .part(part)]
    }
}
