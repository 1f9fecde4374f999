import CLinux
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// The started helper, as a process: it is killed when it does not end, and waited for once.
final class HelperProcess: Sendable {
    private enum State {
        case running(pid_t)
        case ended
    }

    private let state: Mutex<State>
    let id: pid_t

    private init(_ id: pid_t) {
        self.id = id
        state = Mutex(.running(id))
    }

    struct Started {
        let process: HelperProcess
        /// This side's ends: the stream of messages, and the packets with descriptors.
        let control: Int32
        let descriptors: OwnedDescriptor
    }

    /// Blocks until the program is executed.
    static func start(_ options: TunnelOptions) -> Result<Started, TunnelError> {
        let control = clinux_socket_pair_make(false)
        guard control.error == 0 else { return .failure(.notStarted(words: TunnelError.words(control.error))) }
        let descriptors = clinux_socket_pair_make(true)
        guard descriptors.error == 0 else {
            close(control.one)
            close(control.other)
            return .failure(.notStarted(words: TunnelError.words(descriptors.error)))
        }
        let started = spawn(options.executable, control.other, descriptors.other)
        close(control.other)
        close(descriptors.other)
        guard started.error == 0 else {
            close(control.one)
            close(descriptors.one)
            let words = "\(options.executable): \(TunnelError.words(started.error))"
            return .failure(.notStarted(words: words))
        }
        return .success(
            Started(
                process: HelperProcess(started.process), control: control.one,
                descriptors: OwnedDescriptor(descriptors.one)))
    }

    private static func spawn(_ executable: String, _ control: Int32, _ descriptors: Int32) -> clinux_started_process {
        // No variable is needed, but for where a development build finds its libraries. All words outlive the call.
        let path = unsafe getenv("LD_LIBRARY_PATH").map { unsafe "LD_LIBRARY_PATH=" + String(cString: $0) }
        guard let path else {
            return unsafe clinux_process_start(executable, "modemail", TunnelHelper.argument, nil, control, descriptors)
        }
        return unsafe clinux_process_start(executable, "modemail", TunnelHelper.argument, path, control, descriptors)
    }

    func kill() {
        state.withLock { state in
            guard case .running(let id) = state else { return }
            _ = Glibc.kill(id, SIGKILL)
        }
    }

    /// Waits for its end, and answers how it was: "status 1", "signal 9". Blocks; bounded by whoever kills it. Once.
    func wait() -> String {
        guard case .running(let id) = state.withLock({ $0 }) else { return "ended" }
        var status: Int32 = 0
        // First without taking its number away, so that a kill meanwhile meets no other process.
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        return state.withLock { state in
            state = .ended
            // It has ended, so this does not wait; -1: somebody else has taken its status.
            guard unsafe waitpid(id, &status, 0) == id else { return "ended" }
            return status & 0x7F == 0 ? "status \((status >> 8) & 0xFF)" : "signal \(status & 0x7F)"
        }
    }
}
