import SMTP
import Scopes
import TLS

/// Any error as one that can speak for itself.
enum FailureOf {
    static func error(_ error: any Error, during phase: Phase?) -> any Failure {
        if Task.isCancelled || error is CancellationError { return CourierError.interrupted(phase) }
        if let failure = error as? any Failure { return failure }
        if let exceeded = error as? DeadlineExceeded { return CourierError.timedOut(phase, limit: exceeded.limit) }
        return CourierError.unexpected(String(describing: error).printable())
    }

    /// The certificate chain as received, where that is what failed; else nothing.
    static func explanation(_ error: any Error) -> [String] {
        if let error = error as? TLSError, case .certificate = error { return error.explanation }
        if let error = error as? SMTPError, case .underlying(let underlying) = error {
            return explanation(underlying.failure)
        }
        return []
    }
}
