/// A modem's clock: `yy/MM/dd,hh:mm:ss±zz`, local time and its distance from UTC in quarters of an hour (3GPP TS 27.007 §8.15).
public struct ModemClock: Sendable, Equatable {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    public let utcSeconds: Int64
    /// Quarters of an hour east of UTC; nil where the modem does not tell, and its time was taken for UTC.
    public let zone: Int?

    /// Whether the network has set it: clocks that nobody set begin in 1970, 1980, 2000 or 2004, and run on.
    public var isSet: Bool { utcSeconds >= Self.firstPlausible }

    /// 2024-01-01 00:00:00 UTC.
    private static let firstPlausible: Int64 = 1_704_067_200

    public init(utcSeconds: Int64, zone: Int?) {
        self.utcSeconds = utcSeconds
        self.zone = zone
    }

    /// Nil for text of another form, or with a field out of its range.
    public init?(_ text: String) {
        let octets = Array(text.utf8)
        guard octets.count <= 40 else { return nil }
        let numbers = octets.split(omittingEmptySubsequences: false) { !(0x30...0x39).contains($0) }
            .map { Int(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == 6 || numbers.count == 7, numbers[0...5].allSatisfy({ $0 != nil }) else { return nil }
        let separators = octets.filter { !(0x30...0x39).contains($0) }
        guard separators.starts(with: Array("//,::".utf8)) else { return nil }
        let parts = numbers.compactMap { $0 }
        guard let zone = Self.zone(sign: separators.dropFirst(5).first, number: numbers.count == 7 ? numbers[6] : nil),
            let seconds = Self.seconds(parts)
        else { return nil }
        utcSeconds = seconds - Int64(zone.quarters ?? 0) * 900
        self.zone = zone.quarters
    }

    /// A zone of no more than 14 hours; nil when what stands there is no zone.
    private static func zone(sign: UInt8?, number: Int?) -> (quarters: Int?, ())? {
        switch (sign, number) {
        case (nil, nil): (nil, ())
        case (UInt8(ascii: "+")?, let quarters?) where quarters <= 56: (quarters, ())
        case (UInt8(ascii: "-")?, let quarters?) where quarters <= 56: (-quarters, ())
        case (nil, .some), (.some, nil), (.some, .some): nil
        }
    }

    private static func seconds(_ parts: [Int]) -> Int64? {
        let year = parts[0] < 70 ? 2000 + parts[0] : parts[0] < 100 ? 1900 + parts[0] : parts[0]
        guard (1970...2199).contains(year), (1...12).contains(parts[1]), (1...31).contains(parts[2]),
            (0...23).contains(parts[3]), (0...59).contains(parts[4]), (0...60).contains(parts[5])
        else { return nil }
        let days = daysSince1970(year: year, month: parts[1], day: parts[2])
        return Int64(days) * 86_400 + Int64(parts[3] * 3600 + parts[4] * 60 + parts[5])
    }

    /// Of the Gregorian calendar, by years that begin in March.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let shiftedMonth = (month + 9) % 12
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
