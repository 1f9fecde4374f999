import Glibc

/// SIGINT and SIGTERM, blocked from the start on and taken one by one.
struct Signals {
    private var set = sigset_t()

    /// To be made before any other thread starts: they inherit the mask.
    init() {
        // The set outlives the calls.
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGINT)
        unsafe sigaddset(&set, SIGTERM)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for one of them, and answers with its number.
    @discardableResult
    func wait() -> Int32 {
        var copy = set
        var signal: Int32 = 0
        // Both values outlive the call.
        unsafe sigwait(&copy, &signal)
        return signal
    }

    /// Ends a `wait`, from any thread.
    static func wake() {
        _ = kill(getpid(), SIGTERM)
    }
}
