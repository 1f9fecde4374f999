/// A file that goes with a message. Its octets arrive unchanged, line ends too.
public struct Attachment: Sendable {
    /// What the recipient sees: the last component of the path.
    public let name: String
    /// `type/subtype`, by the ending of the name.
    public let contentType: String
    public let content: any OctetSource
    /// Longest name, in octets, as file systems have it.
    private static let longestName = 255

    /// - Parameter name: a name or a path, of which the last component counts. Refused: none, one over 255 octets, control characters.
    public init(name path: String, content: any OctetSource) throws(MailError) {
        let name = String(path.split(separator: "/", omittingEmptySubsequences: false).last ?? "")
        guard !name.isEmpty else { throw .fileName(path, problem: "is empty") }
        guard name.utf8.count <= Self.longestName else { throw .fileName(name, problem: "is longer than 255 octets") }
        if let control = name.unicodeScalars.first(where: \.isControl) {
            throw .fileName(name, problem: "holds the control character \(control.hexName)")
        }
        self.name = name
        self.content = content
        let ending = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last ?? ""
        contentType = Self.contentTypes[ending.lowercased()] ?? "application/octet-stream"
    }

    /// What mail programs show without being asked to guess. A message in a file stays a file: message/rfc822 may not be
    /// encoded (RFC 2046 §5.2.1).
    private static let contentTypes = [
        "avi": "video/x-msvideo", "bmp": "image/bmp", "bz2": "application/x-bzip2", "conf": "text/plain",
        "css": "text/css", "csv": "text/csv", "doc": "application/msword",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "gif": "image/gif", "gz": "application/gzip", "htm": "text/html", "html": "text/html",
        "ics": "text/calendar", "jpeg": "image/jpeg", "jpg": "image/jpeg", "json": "application/json",
        "log": "text/plain", "md": "text/markdown", "mp3": "audio/mpeg", "mp4": "video/mp4",
        "ods": "application/vnd.oasis.opendocument.spreadsheet", "odt": "application/vnd.oasis.opendocument.text",
        "pcap": "application/vnd.tcpdump.pcap", "pdf": "application/pdf", "png": "image/png",
        "svg": "image/svg+xml", "tar": "application/x-tar", "txt": "text/plain", "vcf": "text/vcard",
        "wav": "audio/x-wav", "webp": "image/webp", "xls": "application/vnd.ms-excel",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xml": "application/xml",
        "xz": "application/x-xz", "yaml": "application/yaml", "yml": "application/yaml", "zip": "application/zip",
        "zst": "application/zstd",
    ]
}
