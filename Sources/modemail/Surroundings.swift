import Courier
import NIOPosix
import Scopes
import Settings
import SystemPackage

/// What a command of the modem needs around it: the host's threads, progress on the terminal, the transcript.
struct Surroundings {
    let settings: Settings
    let group: MultiThreadedEventLoopGroup

    /// Progress is off the terminal, and the transcript is on the disk, before `show` prints the result.
    func run<Result>(_ work: (Courier) async -> Result, show: (Result) -> ExitStatus) async -> ExitStatus {
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        let scratch = FilePath(ProcessEnvironment.all()["TMPDIR"] ?? "/tmp")
        let host = Host(loop: group.next(), threads: threads, scratch: scratch)
        let progress = ProgressLine.onTerminal()
        let transcript: TranscriptFile?
        do {
            transcript = try settings.transcript.map { path throws(CourierError) in
                try TranscriptFile.create(path, threads: threads)
            }
        } catch {
            Output.error("modemail: \(error.line)")
            return error.exitStatus
        }
        var recorded: (@Sendable (String) -> Void)?
        if let transcript { recorded = { line in transcript.record(line) } }
        let reported: @Sendable (String) -> Void = { line in
            progress?.clear()
            Output.error("modemail: \(line)")
        }
        let observer =
            progress?.observer(reported: reported, recorded: recorded)
            ?? Observer(reported: reported, recorded: recorded)
        let result = await work(Courier(settings: settings, host: host, observer: observer))
        progress?.clear()
        await transcript?.close()
        if let transcript, transcript.isIncomplete {
            Output.error(
                "modemail: the transcript \(transcript.path.printable()) is incomplete: the disk is full or too slow")
        }
        return show(result)
    }
}
