import Courier
import Glibc
import Scopes

/// Results go to stdout, everything else to stderr.
enum Output {
    static func result(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    static func error(_ text: String, terminator: String = "\n") {
        write(text + terminator, to: STDERR_FILENO)
    }

    /// What went wrong, and which steps of the way down were not clean, a line each.
    static func complaints(_ failure: String?, closing teardown: [TeardownStep]) {
        if let failure { error("modemail: \(failure)") }
        for step in teardown where !step.isClean { error("modemail: closing \(step.name) \(step.words)") }
    }

    /// A reader that went away is no reason to fail: what was to be done is done.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { octets in
                // The octets live for the length of this call.
                unsafe Glibc.write(descriptor, octets.baseAddress, octets.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
