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

    /// Whether a certificate was refused for its dates: then this machine's clock may be what is wrong.
    static func isAboutTime(_ error: any Error) -> Bool {
        guard let failure = certificate(error) else { return false }
        return failure.isAboutTime
    }

    /// The certificate chain as received, where that is what failed; else nothing.
    static func explanation(_ error: any Error) -> [String] {
        certificate(error)?.explanation ?? []
    }

    private static func certificate(_ error: any Error) -> CertificateFailure? {
        switch error {
        case TLSError.certificate(let failure): failure
        case SMTPError.underlying(let underlying): certificate(underlying.failure)
        default: nil
        }
    }
}
