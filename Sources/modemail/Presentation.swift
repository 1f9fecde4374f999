import Courier
import Scopes

/// A report on the terminal: the result on stdout, the reason and the timeline on stderr, or all of it as JSON on stdout.
struct Presentation {
    let json: Bool
    let timeline: Bool

    func show(_ report: Report) -> ExitStatus {
        if json {
            Output.result(report.json.text)
        } else {
            for line in report.resultLines { Output.result(line) }
            if timeline { for line in Waterfall(report).lines { Output.error(line) } }
            for line in report.explanation { Output.error("  " + line) }
        }
        if !json { for note in report.notes { Output.error("modemail: \(note)") } }
        Output.complaints(report.errorLine, closing: timeline ? [] : report.teardown)
        return report.exitStatus
    }
}
