import ByteStreams
import Courier
import Scopes
import Testing

@Suite struct ReportTests {
    private static func record(
        _ phase: Phase, start: Int, took: Int, count: StreamCount? = nil, commands: Int? = nil, note: String? = nil
    ) -> PhaseRecord {
        PhaseRecord(
            phase: phase, start: .milliseconds(start), duration: .milliseconds(took), count: count, commands: commands,
            note: note)
    }

    private static func report() -> Report {
        var report = Report(outcome: .sent, exitStatus: .ok)
        report.recipients = [RecipientReport(address: "ops@example.com", verdict: .accepted, reply: "250 queued")]
        report.messageOctets = 1024
        report.phases = [
            record(.modemReady, start: 0, took: 410, commands: 6),
            record(.tls, start: 410, took: 730, count: StreamCount(up: 517, down: 242, roundTrips: 1), note: "resumed"),
        ]
        report.teardown = [
            TeardownStep(name: "bearer", outcome: .failed("no answer"), duration: .milliseconds(1500)),
            TeardownStep(name: "line", outcome: .done, duration: .zero),
        ]
        report.total = StreamCount(up: 517, down: 242, roundTrips: 1)
        report.duration = .milliseconds(1140)
        return report
    }

    @Test func theJSONHasTheMembersThatScriptsDependOn() {
        let text = Self.report().json.text
        #expect(
            text.hasPrefix(#"{"outcome": "sent", "exit_status": 0, "recipients": [{"address": "ops@example.com", "#))
        #expect(
            text.contains(
                #"{"name": "tls", "start": 0.410, "seconds": 0.730, "up": 517, "down": 242, "round_trips": 1, "note": "resumed"}"#
            ))
        #expect(text.contains(#"{"name": "bearer", "outcome": "failed", "error": "no answer", "seconds": 1.500}"#))
        #expect(!text.contains("\n"))
    }

    @Test func theTimelineIsAWaterfallWithAlignedColumns() {
        let lines = Waterfall(Self.report()).lines
        #expect(lines[0].hasPrefix(" phase"))
        #expect(lines[1].contains("0.00 s  0.41 s"))
        #expect(lines[1].contains("6 commands"))
        #expect(lines[2].contains("tls (resumed)"))
        #expect(lines[2].contains("517   242"))
        #expect(lines.contains { $0.contains("close bearer: failed (no answer), 1.50 s") })
        #expect(lines.last == " total 1.14 s, 517 octets up, 242 down, 1 round trips")
    }

    @Test func aReasonIsSaidUnlessAllWasSent() {
        #expect(Self.report().errorLine == nil)
        for outcome: Report.Outcome in [.partly, .deferred, .refused, .perhapsDelivered, .failed] {
            #expect(Report(outcome: outcome, exitStatus: .tryAgain).errorLine != nil)
        }
    }

    @Test func wordsOfAServerAreHarmlessInJSON() {
        let value = JSONValue.object([.init("a\"b", .string("\u{1}\\ \u{1B}[2J\n\u{7F}"))])
        #expect(value.text == #"{"a\"b": "\u0001\\ \u001b[2J\n\u007f"}"#)
        #expect(JSONValue.array([.null, .bool(true), .integer(-3)]).text == "[null, true, -3]")
        #expect(JSONValue.seconds(.milliseconds(-1250)).text == "-1.250")
        #expect(JSONValue.seconds(.milliseconds(-250)).text == "-0.250")
        #expect(JSONValue.seconds(.microseconds(1_999_999)).text == "1.999")
    }

    @Test func phasesFollowEachOtherAndCountWhatPassesMeanwhile() throws {
        let timeline = Timeline()
        timeline.begin(.tcp)
        timeline.attach(stream: { StreamCount(up: 7, down: 3, roundTrips: 1) })
        timeline.begin(.tls)
        timeline.attach(stream: { StreamCount(up: 10, down: 5, roundTrips: 2) })
        timeline.end(note: "resumed")
        timeline.end()
        let records = timeline.records
        #expect(records.map(\.phase) == [.tcp, .tls])
        #expect(records[0].count == StreamCount(up: 7, down: 3, roundTrips: 1))
        #expect(records[1].count == StreamCount(up: 3, down: 2, roundTrips: 1))
        #expect(records[1].note == "resumed")
        #expect(timeline.current == .tls)
    }
}
