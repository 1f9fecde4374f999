import ArgumentParser
import Glibc
import Scopes

/// A line on stdout, at once: what waits for it reads a pipe.
func say(_ line: String) {
    print(line)
    // All streams: stdout has no name that is safe to use.
    _ = fflush(nil)
}

/// Turns our failures into one line on stderr and their exit status.
func reporting(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let failure as any Failure {
        let line = Array("fake-modem: \(failure.line)\n".utf8)
        // The array outlives the call, which reads its count.
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        throw ExitCode(failure.exitStatus.rawValue)
    }
}
