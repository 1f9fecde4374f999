import Scopes
import Testing

@Suite struct DurationTests {
    @Test func limitsAreToldInWholeSecondsOrElseInMilliseconds() {
        #expect(Duration.seconds(15).words == "15 s")
        #expect(Duration.zero.words == "0 s")
        #expect(Duration.milliseconds(500).words == "500 ms")
        #expect(Duration.milliseconds(1_500).words == "1500 ms")
        #expect(Duration.seconds(Int64.max / 2).words == "\(Int64.max / 2) s")
        #expect(Duration(secondsComponent: .max, attosecondsComponent: 1).words.hasSuffix(" ms"))
    }
}
