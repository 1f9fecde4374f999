/// Writes header fields: folded at 78 columns (76 where an encoded word stands), never beyond 998 (RFC 5322 §2.1.1, §2.2.3).
///
/// Every value passes `HeaderValue.check` on its way in.
struct FieldWriter {
    private(set) var text = ""
    private var column = 0
    /// Nothing stands on the line but the field's name.
    private var isFresh = true
    /// An address outside ASCII becomes an empty group with the address in its name, so that a server without SMTPUTF8 can
    /// take the field and a reader still sees who was meant (RFC 5322 §3.4).
    var keepsToASCII = false
    private static let foldAt = 78
    private static let foldEncodedAt = 76
    /// What cannot be folded may be this long, so that name and blank fit a line of 998.
    static let longestPiece = 900

    /// Free text: Subject, and most fields that begin with `X-`. Words outside ASCII become encoded words.
    mutating func unstructured(_ name: String, _ value: String) throws(MailError) {
        try HeaderValue.check(value, field: name)
        begin(name)
        putText(value, place: .unstructured)
        end()
    }

    /// A value in ASCII whose form has a meaning: folded at its blanks, otherwise as it is.
    mutating func verbatim(_ name: String, _ value: String) throws(MailError) {
        try HeaderValue.check(value, field: name)
        begin(name)
        for piece in Piece.split(value) {
            guard piece.word.utf8.count <= Self.longestPiece else {
                throw .header(
                    name: name, problem: "has more than \(Self.longestPiece) octets without a blank to fold at")
            }
            put(piece.gap, piece.word, limit: Self.foldAt)
        }
        end()
    }

    /// Words that are known to be right and short, separated by blanks.
    mutating func words(_ name: String, _ words: [String]) {
        begin(name)
        for word in words { put(" ", word, limit: Self.foldAt) }
        end()
    }

    mutating func mailboxes(_ name: String, _ list: [Mailbox]) throws(MailError) {
        begin(name)
        for (index, mailbox) in list.enumerated() {
            let comma = index == list.count - 1 ? "" : ","
            if keepsToASCII, mailbox.address.needsSMTPUTF8 {
                putEncoded(mailbox.address.wire, blank: " ", place: .phrase)
                put(" ", ":;\(comma)", limit: Self.foldEncodedAt)
                continue
            }
            guard let display = mailbox.displayName else {
                put(" ", mailbox.address.wire + comma, limit: Self.foldAt)
                continue
            }
            try HeaderValue.check(display, field: name)
            if display.unicodeScalars.allSatisfy({ $0.value < 0x80 && ($0.isAtomText || $0 == " ") }), !display.isRisky
            {
                putText(display, place: .phrase)
            } else if display.utf8.allSatisfy({ $0 < 0x80 }), !display.contains("=?"), display.utf8.count <= Self.foldAt
            {
                put(" ", display.quotedString, limit: Self.foldAt)
            } else {
                putEncoded(display, blank: " ", place: .phrase)
            }
            put(" ", "<\(mailbox.address.wire)>\(comma)", limit: Self.foldEncodedAt)
        }
        end()
    }

    private mutating func begin(_ name: String) {
        text += name + ":"
        column = name.utf8.count + 1
        isFresh = true
    }

    private mutating func end() {
        text += "\r\n"
    }

    private mutating func put(_ blank: String, _ word: String, limit: Int) {
        if !isFresh, column + blank.utf8.count + word.utf8.count > limit {
            text += "\r\n"
            column = 0
        }
        text += blank + word
        column += blank.utf8.count + word.utf8.count
        isFresh = false
    }

    /// Plain where it can be; from the first to the last word that cannot, one run of encoded words.
    private mutating func putText(_ value: String, place: EncodedWords.Place) {
        let pieces = Piece.split(value)
        let risky = value.isRisky
        let first = risky ? 0 : pieces.firstIndex { $0.needsEncoding }
        guard let first, let last = risky ? pieces.count - 1 : pieces.lastIndex(where: { $0.needsEncoding }),
            first <= last
        else {
            for piece in pieces { put(piece.gap, piece.word, limit: Self.foldAt) }
            return
        }
        for piece in pieces[..<first] { put(piece.gap, piece.word, limit: Self.foldEncodedAt) }
        var run = risky ? pieces[first].blank + pieces[first].word : pieces[first].word
        for piece in pieces[(first + 1)...].prefix(last - first) { run += piece.blank + piece.word }
        putEncoded(run, blank: risky ? " " : pieces[first].gap, place: place)
        for piece in pieces[(last + 1)...] { put(piece.gap, piece.word, limit: Self.foldEncodedAt) }
    }

    private mutating func putEncoded(_ run: String, blank: String, place: EncodedWords.Place) {
        var room = Self.foldEncodedAt - column - blank.utf8.count
        if room < EncodedWords.shortest {
            text += "\r\n"
            column = 0
            room = EncodedWords.longest
        }
        for (index, word) in EncodedWords.encode(run, place: place, first: room).enumerated() {
            if index > 0 {
                text += "\r\n"
                column = 0
            }
            let gap = index == 0 ? blank : " "
            text += gap + word
            column += gap.utf8.count + word.utf8.count
        }
        isFresh = false
    }
}

/// A word and the blanks before it.
private struct Piece {
    let blank: String
    let word: String

    /// What stands before the word on the line: never nothing, so that it may begin a folded line.
    var gap: String { blank.isEmpty ? " " : blank }

    var needsEncoding: Bool {
        word.utf8.contains { $0 >= 0x80 } || word.contains("=?") || word.utf8.count > FieldWriter.longestPiece
    }

    /// Blanks at the end make a last piece without a word.
    static func split(_ value: String) -> [Piece] {
        var pieces: [Piece] = []
        var blank = String.UnicodeScalarView()
        var word = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            let isBlank = scalar == " " || scalar == "\t"
            if isBlank, !word.isEmpty {
                pieces.append(Piece(blank: String(blank), word: String(word)))
                blank = String.UnicodeScalarView()
                word = String.UnicodeScalarView()
            }
            if isBlank { blank.append(scalar) } else { word.append(scalar) }
        }
        if !word.isEmpty || !blank.isEmpty { pieces.append(Piece(blank: String(blank), word: String(word))) }
        return pieces
    }
}

extension String {
    /// Whether blanks would be lost or become a blank line: at the start, at the end, or many in a row.
    fileprivate var isRisky: Bool {
        guard let first = utf8.first, let last = utf8.last else { return false }
        func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }
        return isBlank(first) || isBlank(last) || Piece.split(self).contains { $0.blank.utf8.count > 40 }
    }
}
