/// The preparation of user names and passwords for SCRAM (RFC 4013, a profile of stringprep, RFC 3454), as far as it leaves
/// them unchanged.
///
/// ASCII but for controls, and letters and signs of Latin, Greek and Cyrillic that Unicode's form KC does not change, are
/// their own preparation. Everything else (combining marks, compatibility forms, blanks other than the space, other
/// scripts) would need Unicode's tables; it is refused rather than sent as something that may not be what the server
/// stored.
enum SASLprep {
    /// The text itself, nil where that is not its preparation.
    static func prepare(_ text: String) -> String? {
        text.unicodeScalars.allSatisfy(isUnchanged) ? text : nil
    }

    private static func isUnchanged(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: true
        // Signs of Latin-1 without its compatibility forms (¨ ª ¯ ² ³ ´ µ ¸ ¹ º ¼ ½ ¾), no-break space and soft hyphen.
        case 0xA1...0xA7, 0xA9, 0xAB, 0xAC, 0xAE, 0xB0, 0xB1, 0xB6, 0xB7, 0xBB, 0xBF: true
        // Ĳ ĳ Ŀ ŀ ŉ ſ are compatibility forms.
        case 0x132, 0x133, 0x13F, 0x140, 0x149, 0x17F: false
        case 0xC0...0x17E: true
        // Greek and Cyrillic letters, all precomposed.
        case 0x386, 0x388...0x38A, 0x38C, 0x38E...0x3A1, 0x3A3...0x3CE, 0x400...0x481: true
        // The euro sign.
        case 0x20AC: true
        default: false
        }
    }
}
