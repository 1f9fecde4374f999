import Glibc
import NIOPosix
import Scopes
import Synchronization
import Terminal

/// Runs one command to its end: the main thread waits for signals, everything else happens on one event loop's thread.
///
/// SIGINT, SIGTERM and SIGHUP (as SIGTERM) cancel the command, which then takes everything down in order; a second one ends the process at once.
struct OneShot {
    private static let done = SIGUSR1
    private static let watched = [SIGINT, SIGTERM, SIGHUP, done]

    /// - Parameter operation: gets the group of one loop, and answers with the status to exit with.
    static func run(_ operation: @escaping @Sendable (MultiThreadedEventLoopGroup) async -> ExitStatus) -> Never {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in watched { unsafe sigaddset(&signals, number) }
        // Before the first thread starts, so that every thread inherits it and only `sigwait` sees them.
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)

        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = LoopExecutor(group.next())
        let main = pthread_self()
        let end = End()
        let task = Task(executorPreference: executor) {
            let result = await operation(group)
            end.status.withLock { $0 = result }
            pthread_kill(main, done)
        }
        var interruption: ExitStatus?
        while true {
            var number: Int32 = 0
            guard unsafe sigwait(&signals, &number) == 0 else { continue }
            if number == done, let result = end.status.withLock({ $0 }) {
                exit(result == .ok ? .ok : interruption ?? result)
            }
            guard number != done else { continue }
            let meaning: ExitStatus = number == SIGINT ? .interrupted : .terminated
            if interruption != nil {
                SavedTerminal.restore()
                _exit(meaning.rawValue)
            }
            interruption = meaning
            task.cancel()
        }
    }

    private final class End: Sendable {
        let status = Mutex<ExitStatus?>(nil)
    }

    private static func exit(_ status: ExitStatus) -> Never {
        fflush(nil)
        Glibc.exit(status.rawValue)
    }
}
