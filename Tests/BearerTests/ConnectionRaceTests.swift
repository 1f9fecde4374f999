import NIOCore
import Testing

@testable import Bearer

/// RFC 8305 §5, with a delay of 2 s.
@Suite struct ConnectionRaceTests {
    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func theFirstThatAnswersAtOnceIsTheOnlyAttempt() {
        var race = ConnectionRace(addresses: 3)
        #expect(race.handle(.begin, now: time(0)) == [.attempt(0)])
        #expect(race.deadline == time(2))
        #expect(race.handle(.deadlinePassed, now: time(1)) == [])
        #expect(race.handle(.connected(0), now: time(1)) == [.won(0)])
        #expect(race.deadline == nil)
    }

    @Test func aSilentAddressIsJoinedByTheNextAndMayStillWin() {
        var race = ConnectionRace(addresses: 3)
        _ = race.handle(.begin, now: time(0))
        #expect(race.handle(.deadlinePassed, now: time(2)) == [.attempt(1)])
        #expect(race.handle(.deadlinePassed, now: time(4)) == [.attempt(2)])
        #expect(race.deadline == nil)
        #expect(race.handle(.failed(2), now: time(5)) == [])
        #expect(race.handle(.connected(0), now: time(6)) == [.won(0)])
        #expect(race.handle(.connected(1), now: time(6)) == [])
    }

    @Test func aRefusalBringsTheNextAtOnce() {
        var race = ConnectionRace(addresses: 2)
        _ = race.handle(.begin, now: time(0))
        #expect(race.handle(.failed(0), now: time(1)) == [.attempt(1)])
        #expect(race.handle(.failed(0), now: time(1)) == [])
        #expect(race.handle(.failed(1), now: time(1)) == [.lost])
        #expect(race.handle(.deadlinePassed, now: time(9)) == [])
    }

    @Test func withoutAddressesItIsLost() {
        var race = ConnectionRace(addresses: 0)
        #expect(race.handle(.begin, now: time(0)) == [.lost])
    }
}
