/// The `filename` parameter of Content-Disposition (RFC 2183 §2.3), by RFC 2231 where it is not short plain ASCII.
enum FileNameParameter {
    /// A folded line is one blank, the parameter and a semicolon, within 78 columns.
    private static let longest = 76

    static func words(_ name: String) -> [String] {
        let plain = "filename=" + name.quotedString
        if name.unicodeScalars.allSatisfy({ (0x20..<0x7F).contains($0.value) }), plain.utf8.count <= longest {
            return [plain]
        }
        let whole = "filename*=utf-8''" + name.unicodeScalars.map(encode).joined()
        return whole.utf8.count <= longest ? [whole] : continuations(name)
    }

    /// RFC 2231 §4.1: numbered pieces, cut between characters.
    private static func continuations(_ name: String) -> [String] {
        var words: [String] = []
        var word = "filename*0*=utf-8''"
        for scalar in name.unicodeScalars {
            let encoded = encode(scalar)
            if word.utf8.count + encoded.utf8.count + 1 > longest {
                words.append(word + ";")
                word = "filename*\(words.count)*="
            }
            word += encoded
        }
        return words + [word]
    }

    /// RFC 2231 §7 `attribute-char`, or `%XX` for each octet.
    private static func encode(_ scalar: Unicode.Scalar) -> String {
        if scalar.value < 0x80,
            UInt8(truncatingIfNeeded: scalar.value).isLetterOrDigit || "!#$&+-.^_`{|}~".unicodeScalars.contains(scalar)
        {
            return String(scalar)
        }
        return String(scalar).utf8.reduce("") { $0 + "%" + $1.hex }
    }
}
