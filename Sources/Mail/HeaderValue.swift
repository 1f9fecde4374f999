import Scopes

/// The one choke point: no text reaches a header field without having passed here.
enum HeaderValue {
    /// Longest value in octets that is taken for one header field.
    static let limit = 65_536

    /// Refuses every control character but the tab, and a value that is too long.
    static func check(_ value: String, field: String) throws(MailError) {
        guard value.utf8.count <= limit else {
            throw .header(name: field, problem: "is longer than \(limit) octets")
        }
        if let control = value.unicodeScalars.first(where: { $0.isControl && $0 != "\t" }) {
            throw .header(name: field, problem: "holds the control character \(control.hexName)")
        }
    }
}
