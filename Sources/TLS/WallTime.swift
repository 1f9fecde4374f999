/// A moment of civil time in UTC, in whole seconds, as certificates know it.
public struct WallTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01 00:00:00 UTC, leap seconds not counted.
    public let secondsSince1970: Int64

    public init(secondsSince1970: Int64) {
        self.secondsSince1970 = secondsSince1970
    }

    /// Parts outside their ranges are carried on, as `timegm` does. The years 1 to 9999 are certain to be right.
    public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        let days = WallTime.daysSince1970(year: year, month: month, day: day)
        secondsSince1970 = Int64(((days * 24 + hour) * 60 + minute) * 60 + second)
    }

    public static func < (earlier: WallTime, later: WallTime) -> Bool {
        earlier.secondsSince1970 < later.secondsSince1970
    }

    public func adding(seconds: Int64) -> WallTime {
        let (sum, overflow) = secondsSince1970.addingReportingOverflow(seconds)
        return WallTime(secondsSince1970: overflow ? (seconds < 0 ? .min : .max) : sum)
    }

    /// "2026-11-24 21:34:23 UTC"; seconds alone for what lies outside the years 1 to 9999.
    public var description: String {
        guard (-62_135_596_800..<253_402_300_800).contains(secondsSince1970) else { return "\(secondsSince1970) s" }
        let (days, second) = secondsSince1970.quotientAndRemainderFlooring(by: 86_400)
        let (year, month, day) = WallTime.date(daysSince1970: Int(days))
        let clock = [second / 3600, second / 60 % 60, second % 60].map { padded(Int($0), to: 2) }
        return
            "\(padded(year, to: 4))-\(padded(month, to: 2))-\(padded(day, to: 2)) \(clock.joined(separator: ":")) UTC"
    }

    /// "2026-11-24".
    public var day: String { String(description.prefix { $0 != " " }) }

    // The civil calendar repeats every 400 years (146,097 days); a year that begins in March has its leap day at the end.

    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let (carried, zeroBasedMonth) = (month - 1).quotientAndRemainderFlooring(by: 12)
        let monthFromMarch = (zeroBasedMonth + 10) % 12
        let shifted = year + carried - (zeroBasedMonth < 2 ? 1 : 0)
        let (era, yearOfEra) = shifted.quotientAndRemainderFlooring(by: 400)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainderFlooring(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}

/// What tells the time, and how that is called in an explanation.
public struct WallClock: Sendable {
    /// "this machine's clock", "the time of the cellular network".
    public let source: String
    public let now: @Sendable () -> WallTime

    public init(source: String, now: @escaping @Sendable () -> WallTime) {
        self.source = source
        self.now = now
    }
}

private func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension BinaryInteger {
    /// The remainder has the divisor's sign.
    fileprivate func quotientAndRemainderFlooring(by divisor: Self) -> (quotient: Self, remainder: Self) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
