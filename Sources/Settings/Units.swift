import Scopes

/// Plain values: numbers, durations and sizes with their unit, true and false.
enum Units {
    /// `90s`, `5m`, `2h`, `1d`, `250ms`; `0` needs no unit. At most 366 days.
    static func duration(_ word: Given.Word, _ option: Option) throws(SettingsError) -> Duration {
        let (number, unit) = split(word.text)
        let seconds: Int? =
            switch unit {
            case "s": 1
            case "m", "min": 60
            case "h": 3600
            case "d": 86_400
            default: nil
            }
        guard let number else { throw failure(word, option, "is no duration: write it as 90s, 5m, 2h or 1d") }
        if number == 0, unit.isEmpty { return .zero }
        if unit == "ms", number <= 366 * 86_400_000 { return .milliseconds(number) }
        guard let seconds else { throw failure(word, option, "needs a unit: ms, s, m, h or d, as in 90s") }
        let (product, overflow) = number.multipliedReportingOverflow(by: seconds)
        guard !overflow, product <= 366 * 86_400 else { throw failure(word, option, "is longer than 366 days") }
        return .seconds(product)
    }

    /// `500B`, `64kB`, `20MB`, `1GB` by powers of 1000; `KiB`, `MiB`, `GiB` by powers of 1024.
    static func octets(_ word: Given.Word, _ option: Option) throws(SettingsError) -> Int {
        let (number, unit) = split(word.text)
        let scale: Int? =
            switch unit.lowercased() {
            case "b": 1
            case "kb": 1000
            case "mb": 1_000_000
            case "gb": 1_000_000_000
            case "kib": 1024
            case "mib": 1_048_576
            case "gib": 1_073_741_824
            default: nil
            }
        guard let number, let scale else { throw failure(word, option, "is no size: write it as 500B, 64kB or 20MB") }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        guard !overflow else { throw failure(word, option, "is too large") }
        return product
    }

    static func count(
        _ word: Given.Word, _ option: Option, within range: ClosedRange<Int>
    ) throws(SettingsError) -> Int {
        let (number, unit) = split(word.text)
        guard let number, unit.isEmpty else { throw failure(word, option, "is no whole number") }
        guard range.contains(number) else {
            throw failure(word, option, "is not within \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    static func truth(_ word: Given.Word, _ option: Option) throws(SettingsError) -> Bool {
        switch word.text.lowercased() {
        case "true", "yes", "1": return true
        case "false", "no", "0": return false
        default: throw failure(word, option, "is neither true nor false")
        }
    }

    /// The digits in front, nil when there are none or too many, and what follows.
    private static func split(_ text: String) -> (number: Int?, unit: Substring) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (Int(digits), text[digits.endIndex...].drop { $0 == " " })
    }

    private static func failure(_ word: Given.Word, _ option: Option, _ problem: String) -> SettingsError {
        .value(option, problem: "'\(word.text.printable(limit: 60))' \(problem)", word.origin)
    }
}
