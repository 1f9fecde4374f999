import Bearer
import ByteStreams
import Scopes

/// The timeline of a delivery as a table for people, with a bar for when each phase ran.
public struct Waterfall {
    private static let barWidth = 24
    private let report: Report

    public init(_ report: Report) {
        self.report = report
    }

    public var lines: [String] {
        let end = report.phases.map { $0.start + $0.duration }.max() ?? .zero
        var rows = [["phase", "start", "took", "up", "down", "round trips", ""]]
        for record in report.phases {
            rows.append(Self.row(record, end: end))
        }
        let widths = (0..<7).map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            var line = " "
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += column == 0 || column == 6 ? cell + padding : padding + cell
                line += "  "
            }
            return Self.trimmed(line)
        }
        for step in report.teardown {
            lines.append(Self.trimmed(" close \(step.name): \(Self.words(step.outcome)), \(step.duration.shortText)"))
        }
        lines.append(" total \(report.duration.shortText), \(Self.octets(report))")
        return lines + Self.link(report)
    }

    private static func row(_ record: PhaseRecord, end: Duration) -> [String] {
        let name = record.phase.rawValue + (record.note.map { " (\($0))" } ?? "") + (record.failed ? " failed" : "")
        let count = record.count.map { $0.up + $0.down > 0 ? $0 : nil } ?? nil
        let trips = count.map { $0.roundTrips == 0 ? "" : String($0.roundTrips) }
        let commands = record.commands.map { $0 == 1 ? "1 command" : "\($0) commands" }
        return [
            name, record.start.shortText, record.duration.shortText, count.map { String($0.up) } ?? "",
            count.map { String($0.down) } ?? "", trips ?? commands ?? "", bar(record, end: end),
        ]
    }

    private static func bar(_ record: PhaseRecord, end: Duration) -> String {
        guard end > .zero else { return "" }
        let from = min(barWidth - 1, Int(record.start / end * Double(barWidth)))
        let length = max(1, min(barWidth - from, Int((record.duration / end * Double(barWidth)).rounded())))
        return String(repeating: " ", count: from) + String(repeating: "▇", count: length)
    }

    private static func words(_ outcome: TeardownStep.Outcome) -> String {
        switch outcome {
        case .done: "done"
        case .notNeeded: "not needed"
        case .failed(let words): "failed (\(words))"
        case .cut: "cut short"
        }
    }

    private static func octets(_ report: Report) -> String {
        var text = "\(report.total.up) octets up, \(report.total.down) down, \(report.total.roundTrips) round trips"
        if let via = report.via { text += ", via \(via)" }
        return text
    }

    /// Why this bearer, and what its link is and carried.
    private static func link(_ report: Report) -> [String] {
        var lines: [String] = []
        if let reason = report.viaReason { lines.append(" auto: \(reason)") }
        if let link = report.link { lines.append(" link \(link.summary)") }
        if let counts = report.counts {
            lines.append(
                " line \(counts.lineUp) octets up, \(counts.lineDown) down; IP \(counts.ipUp) up in "
                    + "\(counts.packetsUp) packets, \(counts.ipDown) down in \(counts.packetsDown)"
                    + (counts.damaged > 0 ? "; \(counts.damaged) frames damaged" : ""))
        }
        return lines
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
