/// Encoded words: text of any script in a header field (RFC 2047 §2, §4, §5). Always UTF-8, in whichever of Q and B takes
/// fewer octets.
enum EncodedWords {
    /// Where the words stand decides which characters Q may leave as they are (RFC 2047 §5 rules 1 and 3).
    enum Place {
        case unstructured
        case phrase
    }

    /// Longest encoded word (RFC 2047 §2).
    static let longest = 75
    private static let overhead = "=?utf-8?Q?".utf8.count + "?=".utf8.count
    /// Below this the first word is not worth its place: a scalar outside ASCII takes 12 octets in Q.
    static let shortest = overhead + 12

    /// - Parameter first: room for the first word, in octets; at least `shortest`.
    static func encode(_ text: String, place: Place, first: Int) -> [String] {
        let plain = words(
            text, first: first, letter: "Q", width: { quotedWidth($0, place) }, emit: { quoted($0, place) })
        let base = words(text, first: first, letter: "B", width: nil, emit: base64)
        return total(base) < total(plain) ? base : plain
    }

    private static func total(_ words: [String]) -> Int {
        words.reduce(0) { $0 + $1.utf8.count + 1 }
    }

    /// Cuts between scalars, never within one, so that each word decodes alone (RFC 2047 §5).
    private static func words(
        _ text: String, first: Int, letter: String, width: ((Unicode.Scalar) -> Int)?,
        emit: (String.UnicodeScalarView) -> String
    ) -> [String] {
        var words: [String] = []
        var part = String.UnicodeScalarView()
        var size = 0
        func fits(_ size: Int) -> Bool {
            let encoded = width == nil ? (size + 2) / 3 * 4 : size
            return encoded + overhead <= (words.isEmpty ? min(first, longest) : longest)
        }
        for scalar in text.unicodeScalars {
            let more = width?(scalar) ?? UTF8.width(scalar)
            if !part.isEmpty, !fits(size + more) {
                words.append("=?utf-8?\(letter)?\(emit(part))?=")
                part = String.UnicodeScalarView()
                size = 0
            }
            part.append(scalar)
            size += more
        }
        words.append("=?utf-8?\(letter)?\(emit(part))?=")
        return words
    }

    private static func quotedWidth(_ scalar: Unicode.Scalar, _ place: Place) -> Int {
        isLiteral(scalar, place) || scalar == " " ? 1 : 3 * UTF8.width(scalar)
    }

    private static func quoted(_ part: String.UnicodeScalarView, _ place: Place) -> String {
        var result = ""
        for scalar in part {
            if isLiteral(scalar, place) {
                result.unicodeScalars.append(scalar)
            } else if scalar == " " {
                result += "_"
            } else {
                for octet in String(scalar).utf8 { result += "=" + octet.hex }
            }
        }
        return result
    }

    private static func isLiteral(_ scalar: Unicode.Scalar, _ place: Place) -> Bool {
        guard (0x21...0x7E).contains(scalar.value) else { return false }
        switch place {
        case .unstructured: return scalar != "=" && scalar != "?" && scalar != "_"
        case .phrase:
            return UInt8(truncatingIfNeeded: scalar.value).isLetterOrDigit || "!*+-/".unicodeScalars.contains(scalar)
        }
    }

    private static func base64(_ part: String.UnicodeScalarView) -> String {
        String(decoding: Base64.encode(Array(String(part).utf8)), as: UTF8.self)
    }
}
