public import ByteStreams
public import Scopes

/// Why TLS does not stand. Each case says who is at fault.
public enum TLSError: Failure, Equatable {
    /// A file or value that the operator gave: a trust anchor file, a certificate, a key, a server's name.
    case configuration(_ summary: String, advice: String? = nil)
    /// The peer's certificate was refused. Nothing of the application was sent.
    case certificate(CertificateFailure)
    /// The handshake failed before or beside the certificate: no TLS at that port, no common version, an alert.
    case handshake(HandshakeFailure)
    /// The stream under TLS failed or was cancelled.
    case stream(StreamFailure)
    /// The library refused what should not fail.
    case library(String)

    public var failureClass: FailureClass {
        switch self {
        case .configuration: .configuration
        case .certificate, .handshake: .peer
        case .stream(let failure): failure.failureClass
        case .library: .defect
        }
    }

    public var summary: String {
        switch self {
        case .configuration(let summary, advice: _): summary
        case .certificate(let failure): failure.summary
        case .handshake(let failure): failure.summary
        case .stream(let failure): "TLS handshake: \(failure.summary)"
        case .library(let words): "OpenSSL: \(words)"
        }
    }

    public var advice: String? {
        switch self {
        case .configuration(_, let advice): advice
        case .certificate(let failure): failure.advice
        case .handshake(let failure): failure.advice
        case .stream(let failure): failure.advice
        case .library: nil
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .configuration: .configuration
        case .handshake(let failure) where failure.isTemporary: .tryAgain
        case .certificate, .handshake: .peerProtocol
        case .stream(let failure): failure.exitStatus
        case .library: .softwareDefect
        }
    }

    /// All that is known, a line each, for `doctor` and verbose output: the summary, the chain as received, the advice.
    public var explanation: [String] {
        switch self {
        case .certificate(let failure): failure.explanation
        case .configuration, .handshake, .stream, .library: [summary] + (advice.map { [$0] } ?? [])
        }
    }
}
