import Glibc
import Synchronization

/// A program that a test runs: an independent peer, or a maker of files. Found on the PATH, without a shell.
public final class TestProcess: Sendable {
    public enum Failure: Error, Equatable {
        case notStarted(program: String, errno: Int32)
        case ended(program: String, status: Int32, output: String)
    }

    private struct State {
        /// Nil once it was waited for: the number may then be another's.
        var id: pid_t?
        var status: Int32 = 0
    }

    private let state: Mutex<State>
    /// What it reads as its standard input; closed by `closeInput` or at the end.
    public let input: Int32
    /// What it writes to standard output and standard error.
    public let output: Int32

    private init(id: pid_t, input: Int32, output: Int32) {
        state = Mutex(State(id: id))
        self.input = input
        self.output = output
    }

    deinit {
        stop()
        close(input)
        close(output)
    }

    /// One at a time: a program started between the making of a pipe and its mark would keep the pipe open.
    private static let starting = Mutex(())

    /// Starts `arguments[0]` in `directory` (nil for the current one).
    public static func start(_ arguments: [String], directory: String? = nil) throws -> TestProcess {
        let words = directory.map { ["sh", "-c", #"cd "$0" && exec "$@""#, $0] + arguments } ?? arguments
        return try starting.withLock { _ in try spawn(words, program: arguments[0]) }
    }

    private static func spawn(_ words: [String], program: String) throws -> TestProcess {
        let input = try makePipe(program: program)
        let output = try makePipe(program: program)
        defer {
            close(input.reading)
            close(output.writing)
        }
        // All that the call is given outlives it.
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.writing, 2)
        var vector = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        var id: pid_t = 0
        let result = unsafe posix_spawnp(&id, words[0], &actions, nil, &vector, environ)
        guard result == 0 else {
            close(input.writing)
            close(output.reading)
            throw Failure.notStarted(program: program, errno: result)
        }
        return TestProcess(id: id, input: input.writing, output: output.reading)
    }

    /// Runs to its end and answers with what it wrote. Throws when its status is not 0.
    @discardableResult
    public static func run(_ arguments: [String], input: String = "", directory: String? = nil) throws -> String {
        let process = try start(arguments, directory: directory)
        process.write(input)
        process.endInput()
        let output = process.readToEnd()
        let status = process.wait()
        guard status == 0 else { throw Failure.ended(program: arguments[0], status: status, output: output) }
        return output
    }

    /// Writes to its standard input; what it no longer takes is lost. Blocks: for texts shorter than a pipe (64 kB).
    public func write(_ text: String) {
        let octets = Array(text.utf8)
        // A program that ended must not end the test by SIGPIPE, which the test runner ignores or not.
        Glibc.signal(SIGPIPE, SIG_IGN)
        _ = unsafe Glibc.write(input, octets, octets.count)
    }

    private let inputEnded = Mutex(false)

    /// Its standard input ends here. The descriptor stays ours, as /dev/null, so that its number is not reused.
    public func endInput() {
        inputEnded.withLock { ended in
            guard !ended else { return }
            ended = true
            let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
            dup2(null, input)
            _ = fcntl(input, F_SETFD, FD_CLOEXEC)
            close(null)
        }
    }

    /// All that it wrote, once it and its children have closed their output. Blocks.
    public func readToEnd() -> String {
        var octets: [UInt8] = []
        while let chunk = readChunk() { octets += chunk }
        return String(decoding: octets, as: UTF8.self)
    }

    /// What it wrote up to and with the first occurrence of `text`; nil when it ended before. Blocks.
    public func readUntil(_ text: String) -> String? {
        var octets: [UInt8] = []
        while !String(decoding: octets, as: UTF8.self).contains(text) {
            guard let chunk = readChunk() else { return nil }
            octets += chunk
        }
        return String(decoding: octets, as: UTF8.self)
    }

    private func readChunk() -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = unsafe read(output, &chunk, chunk.count)
        return count > 0 ? Array(chunk.prefix(count)) : nil
    }

    /// Its exit status, or 128 and the signal that ended it. Blocks.
    @discardableResult
    public func wait() -> Int32 {
        state.withLock { state in
            guard let id = state.id else { return state.status }
            var status: Int32 = 0
            while unsafe waitpid(id, &status, 0) == -1, errno == EINTR {}
            state.id = nil
            state.status = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            return state.status
        }
    }

    /// Sends it a signal, if it still runs.
    public func signal(_ number: Int32) {
        state.withLock { state in
            if let id = state.id { kill(id, number) }
        }
    }

    /// Ends it, if it still runs, and waits for that.
    public func stop() {
        state.withLock { state in
            guard let id = state.id else { return }
            kill(id, SIGKILL)
        }
        wait()
    }

    private static func makePipe(program: String) throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        // The array holds the two that the call writes.
        guard unsafe pipe(&ends) == 0 else { throw Failure.notStarted(program: program, errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
