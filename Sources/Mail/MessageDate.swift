/// A moment and the offset of the local zone, for the Date field (RFC 5322 §3.3).
public struct MessageDate: Sendable, Hashable {
    /// Since 1970-01-01 00:00 UTC; the year stays within 1970...9999.
    public let secondsSince1970: Int
    /// East of Greenwich, within ±99:59.
    public let zoneOffsetMinutes: Int

    /// Values outside the ranges are clamped.
    public init(secondsSince1970: Int, zoneOffsetMinutes: Int) {
        self.secondsSince1970 = min(max(secondsSince1970, 0), 253_402_300_799 - 6000 * 60)
        self.zoneOffsetMinutes = min(max(zoneOffsetMinutes, -5999), 5999)
    }

    /// `Tue, 24 Nov 2026 21:34:22 +0100`.
    var fieldValue: String {
        let local = max(0, secondsSince1970 + zoneOffsetMinutes * 60)
        let days = local / 86_400
        let second = local % 86_400
        let (year, month, day) = Self.civil(days: days)
        let zone = abs(zoneOffsetMinutes)
        return "\(Self.weekdays[(days + 4) % 7]), \(day) \(Self.months[month - 1]) \(year) "
            + "\(Self.two(second / 3600)):\(Self.two(second / 60 % 60)):\(Self.two(second % 60)) "
            + (zoneOffsetMinutes < 0 ? "-" : "+") + Self.two(zone / 60) + Self.two(zone % 60)
    }

    /// The Gregorian date of a day counted from 1970-01-01, by eras of 400 years that start in March.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
