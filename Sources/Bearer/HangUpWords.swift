import NIOCore

/// With what words a modem says, on a line in data mode, that it has left it: `NO CARRIER`, or `OK` behind `+CGDATA` (3GPP TS
/// 27.007 §10.1.12, §10.2.1.1), or an error in place of either.
enum HangUpWords {
    static let noCarrier = "NO CARRIER"

    /// The words of a line of text between frames; nil for anything else, such as a banner.
    static func final(in line: ByteBuffer) -> String? {
        let words = String(buffer: line)
        return all.contains(words) || words.hasPrefix("+CME ERROR:") ? words : nil
    }

    private static let all: Set<String> = [noCarrier, "OK", "ERROR", "BUSY", "NO ANSWER", "NO DIALTONE"]
}
