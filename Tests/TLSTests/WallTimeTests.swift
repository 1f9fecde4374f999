import TLS
import Testing

@Suite struct WallTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01 00:00:00 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
            (253_402_300_800, "253402300800 s"),
            (-62_135_596_800, "0001-01-01 00:00:00 UTC"),
            (Int64.max, "9223372036854775807 s"),
        ] as [(Int64, String)])
    func printsAsACivilTime(seconds: Int64, expected: String) {
        #expect(WallTime(secondsSince1970: seconds).description == expected)
    }

    @Test func partsAreTheInverseOfThePrint() {
        #expect(
            WallTime(year: 2026, month: 11, day: 24, hour: 21, minute: 34, second: 23).secondsSince1970 == 1_795_556_063
        )
        #expect(WallTime(year: 1970, month: 1, day: 1).secondsSince1970 == 0)
        #expect(WallTime(year: 2024, month: 2, day: 29).description == "2024-02-29 00:00:00 UTC")
        #expect(WallTime(year: 2025, month: 13, day: 1) == WallTime(year: 2026, month: 1, day: 1))
        #expect(WallTime(year: 2026, month: 11, day: 24).day == "2026-11-24")
    }

    @Test func additionStopsAtTheEndOfTime() {
        #expect(WallTime(secondsSince1970: .max).adding(seconds: 1) == WallTime(secondsSince1970: .max))
        #expect(WallTime(secondsSince1970: .min).adding(seconds: -1) == WallTime(secondsSince1970: .min))
    }
}
