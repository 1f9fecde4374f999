import Glibc
public import Scopes
import SystemPackage

/// Why there is no network namespace, or no connection in it.
///
/// Exit statuses: this machine does not allow it, 69; what a later attempt may well find mended, 75 (a name that did not resolve,
/// a peer that refused or stayed silent, a helper that died).
public enum TunnelError: Failure, Equatable {
    /// This machine does not let this user make a network of its own: which setting says so, where it is known.
    case namespacesNotAllowed(words: String, setting: String?)
    /// No /dev/net/tun: the kernel's module is not there.
    case deviceAbsent
    /// /dev/net/tun, or making a device with it, is not for this user.
    case deviceNotAllowed(words: String)
    /// The helper process did not start.
    case notStarted(words: String)
    /// The helper process has ended, or said nothing, or nonsense.
    case helperLost(words: String)
    /// A call of the system failed in the namespace.
    case failed(step: String, words: String)
    /// What was asked for cannot be.
    case unusable(String)

    case nameNotFound(host: String)
    /// The name exists, and has no address of a usable family.
    case noAddress(host: String)
    case lookupFailed(host: String, words: String)
    case refused(String)
    case timedOut(String)
    case unreachable(String, words: String)
    case addressInUse(String)
    /// The calling task was cancelled, or the namespace was closed here.
    case cancelled

    /// This machine cannot do it at all, so another way to the network may be taken.
    public var isUnavailable: Bool {
        switch self {
        case .namespacesNotAllowed, .deviceAbsent, .deviceNotAllowed, .notStarted: true
        case .helperLost, .failed, .unusable, .nameNotFound, .noAddress, .lookupFailed, .refused, .timedOut,
            .unreachable, .addressInUse, .cancelled:
            false
        }
    }

    public var failureClass: FailureClass {
        switch self {
        case .namespacesNotAllowed, .deviceAbsent, .deviceNotAllowed, .notStarted, .helperLost, .failed, .addressInUse:
            .host
        case .unusable, .cancelled: .defect
        case .nameNotFound, .noAddress, .refused, .timedOut: .peer
        case .lookupFailed, .unreachable: .network
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .namespacesNotAllowed, .deviceAbsent, .deviceNotAllowed, .notStarted, .failed, .unreachable: .unavailable
        case .helperLost, .nameNotFound, .noAddress, .lookupFailed, .refused, .timedOut, .addressInUse, .cancelled:
            .tryAgain
        case .unusable: .softwareDefect
        }
    }

    public var summary: String {
        switch self {
        case .namespacesNotAllowed(let words, _): "PPP needs a network namespace: \(words.printable())"
        case .deviceAbsent: "PPP needs /dev/net/tun, which is not there"
        case .deviceNotAllowed(let words): "PPP needs a TUN device: \(words.printable())"
        case .notStarted(let words): "the process for PPP's network did not start: \(words.printable())"
        case .helperLost(let words): "the process for PPP's network is lost: \(words.printable())"
        case .failed(let step, let words): "\(step): \(words.printable())"
        case .unusable(let words): "PPP's network cannot have \(words.printable())"
        case .nameNotFound(let host): "\(host.printable()): no such name"
        case .noAddress(let host): "\(host.printable()): no address for this name that the bearer can reach"
        case .lookupFailed(let host, let words):
            "\(host.printable()): the name was not resolved: \(words.printable())"
        case .refused(let target): "\(target.printable()): connection refused"
        case .timedOut(let target): "\(target.printable()): no answer in time"
        case .unreachable(let target, let words): "\(target.printable()): unreachable: \(words.printable())"
        case .addressInUse(let target): "\(target.printable()): already in use"
        case .cancelled: "interrupted"
        }
    }

    public var advice: String? {
        switch self {
        case .namespacesNotAllowed(_, let setting?): "set \(setting), run as root, or use --via socket"
        case .namespacesNotAllowed(_, nil):
            "a container or service manager seems to forbid it (seccomp, RestrictNamespaces=): allow it, run as root, or "
                + "use --via socket"
        case .deviceAbsent: "load the module (modprobe tun), or use --via socket"
        case .deviceNotAllowed:
            "grant it by a udev rule (KERNEL==\"tun\", MODE=\"0666\"), run as root, or use --via socket"
        case .notStarted: "use --via socket"
        case .nameNotFound, .noAddress: "check the server's name"
        case .lookupFailed: "try again, or name the server by its address"
        case .refused: "check the port, and whether the server runs"
        case .timedOut: "check the port; many networks block port 25"
        case .unreachable: "check that the subscription reaches the internet"
        case .helperLost: "try again"
        case .failed, .unusable, .addressInUse, .cancelled: nil
        }
    }
}

extension TunnelError {
    /// What the helper says of its start, or of a request.
    /// - Parameters:
    ///   - target: what the request was for.
    ///   - settings: reads a file of /proc/sys; nil when there is none.
    init(_ fault: HelperFault, target: String = "", settings: (String) -> String? = Self.kernelSetting) {
        let words = Self.words(fault.code)
        switch fault.step {
        case .userNamespace, .namespace, .identity: self = Self.notAllowed(fault, settings)
        case .deviceOpen where [ENOENT, ENODEV, ENXIO].contains(fault.code): self = .deviceAbsent
        case .deviceOpen, .deviceAttach:
            // With this setting the namespace is made, and has no rights in it.
            self =
                fault.step == .deviceAttach && fault.code == EPERM && settings(Self.appArmor) == "1"
                ? .namespacesNotAllowed(words: fault.step.words + ": " + words, setting: "\(Self.appArmorName)=0")
                : .deviceNotAllowed(words: fault.step.words + ": " + words)
        case .rights, .loopback, .mtu, .queue, .deviceUp, .ipv6, .address, .route, .solicitation, .addresses,
            .counters, .request:
            self = fault.code == ECANCELED ? .cancelled : .failed(step: fault.step.words, words: words)
        case .connect, .listen, .bind: self = Self.socketFailed(fault, target, words)
        }
    }

    private static func socketFailed(_ fault: HelperFault, _ target: String, _ words: String) -> TunnelError {
        switch fault.code {
        case ECONNREFUSED, ECONNRESET: .refused(target)
        case ETIMEDOUT: .timedOut(target)
        case EADDRINUSE: .addressInUse(target)
        case EADDRNOTAVAIL, EAFNOSUPPORT, ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ENODEV, EACCES, EPERM, EINVAL:
            .unreachable(target, words: words)
        default: .failed(step: "\(fault.step.words) at \(target)", words: words)
        }
    }

    private static let appArmor = "kernel/apparmor_restrict_unprivileged_userns"
    private static let appArmorName = "kernel.apparmor_restrict_unprivileged_userns"

    private static func notAllowed(_ fault: HelperFault, _ settings: (String) -> String?) -> TunnelError {
        let words = fault.step.words + ": " + Self.words(fault.code)
        if settings("kernel/unprivileged_userns_clone") == "0" {
            return .namespacesNotAllowed(words: words, setting: "kernel.unprivileged_userns_clone=1")
        }
        if settings("user/max_user_namespaces") == "0" {
            return .namespacesNotAllowed(words: words, setting: "user.max_user_namespaces=1000")
        }
        if settings("user/max_net_namespaces") == "0" {
            return .namespacesNotAllowed(words: words, setting: "user.max_net_namespaces=1000")
        }
        if settings(appArmor) == "1" {
            return .namespacesNotAllowed(words: words, setting: "\(appArmorName)=0")
        }
        return .namespacesNotAllowed(words: words, setting: nil)
    }

    static func kernelSetting(_ name: String) -> String? {
        guard let file = try? FileDescriptor.open(FilePath("/proc/sys/" + name), .readOnly, options: .closeOnExec)
        else {
            return nil
        }
        defer { try? file.close() }
        var octets = [UInt8](repeating: 0, count: 64)
        // The array outlives the call, which writes no more than its count.
        guard let count = try? unsafe octets.withUnsafeMutableBytes({ try unsafe file.read(into: $0) }) else {
            return nil
        }
        let digits = octets.prefix(count).prefix { $0 > UInt8(ascii: " ") }
        return String(decoding: digits, as: UTF8.self)
    }

    static func words(_ code: Int32) -> String { String(describing: Errno(rawValue: code)) }

    init(_ failure: LookupFailure, host: String) {
        let tries = failure.roundTrips == 1 ? "one try" : "\(failure.roundTrips) tries"
        switch failure.reason {
        case .badName: self = .nameNotFound(host: host)
        case .notFound: self = .nameNotFound(host: host)
        case .noAddress: self = .noAddress(host: host)
        case .noServers: self = .lookupFailed(host: host, words: "the network gave no name server")
        case .refused:
            self = .lookupFailed(
                host: host, words: "the name server answers with \(Self.responseCode(failure.code))")
        case .truncated: self = .lookupFailed(host: host, words: "the name server's answer is cut off")
        case .looped: self = .lookupFailed(host: host, words: "the name is an alias that leads back to itself")
        case .malformed: self = .lookupFailed(host: host, words: "the name server's answer is malformed")
        case .forged:
            self = .lookupFailed(
                host: host, words: "only answers came that belong to no question: somebody may forge them")
        case .silent: self = .lookupFailed(host: host, words: "no name server answered in \(tries)")
        case .unreachable:
            self = .lookupFailed(
                host: host, words: "no name server can be reached: \(Self.words(Int32(failure.code)))")
        }
    }

    /// RFC 1035 §4.1.1.
    private static func responseCode(_ code: UInt8) -> String {
        switch code {
        case 1: "FORMERR (1)"
        case 2: "SERVFAIL (2)"
        case 4: "NOTIMP (4)"
        case 5: "REFUSED (5)"
        default: "response code \(code)"
        }
    }
}
