import Glibc
import Scopes
import Testing

@testable import Tunnel

@Suite struct TunnelErrorTests {
    private func error(_ step: HelperFault.Step, _ code: Int32, _ settings: [String: String] = [:]) -> TunnelError {
        TunnelError(HelperFault(step, code), target: "192.0.2.1:25", settings: { settings[$0] })
    }

    @Test(arguments: [
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=1000"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
    ]) func theSettingThatForbidsIsNamed(file: String, value: String, wanted: String) {
        for step in [HelperFault.Step.userNamespace, .identity] {
            let error = error(step, EPERM, [file: value])
            #expect(error.advice == "set \(wanted), run as root, or use --via socket")
            #expect(error.isUnavailable)
            #expect(error.exitStatus == .unavailable)
        }
    }

    @Test func withoutASettingTheSandboxIsSuspected() {
        let error = error(.userNamespace, EPERM, ["user/max_user_namespaces": "1000"])
        #expect(error.advice?.contains("RestrictNamespaces=") == true)
        #expect(error.summary == "PPP needs a network namespace: making a user namespace: Operation not permitted")
    }

    @Test func theDeviceFileAndItsRuleAreNamed() {
        #expect(error(.deviceOpen, ENOENT) == .deviceAbsent)
        #expect(error(.deviceOpen, ENODEV) == .deviceAbsent)
        let denied = error(.deviceOpen, EACCES)
        #expect(denied == .deviceNotAllowed(words: "opening /dev/net/tun: Permission denied"))
        #expect(denied.advice?.contains("KERNEL==\"tun\", MODE=\"0666\"") == true)
        #expect(denied.isUnavailable)
        let stripped = error(.deviceAttach, EPERM, ["kernel/apparmor_restrict_unprivileged_userns": "1"])
        #expect(stripped.advice?.contains("apparmor_restrict_unprivileged_userns=0") == true)
    }

    @Test func whatTheFarEndDoesIsNoReasonForAnotherWay() {
        let cases: [(Int32, TunnelError)] = [
            (ECONNREFUSED, .refused("192.0.2.1:25")), (ETIMEDOUT, .timedOut("192.0.2.1:25")),
            (EHOSTUNREACH, .unreachable("192.0.2.1:25", words: "No route to host")),
        ]
        for (code, wanted) in cases {
            #expect(error(.connect, code) == wanted)
            #expect(!wanted.isUnavailable)
        }
        #expect(error(.listen, EADDRINUSE) == .addressInUse("192.0.2.1:25"))
        #expect(error(.request, ECANCELED) == .cancelled)
    }

    @Test func everyTextIsOneLine() {
        let host = "a\nb\u{1B}[2J"
        for reason in 0...UInt8.max {
            guard let reason = LookupFailure.Reason(rawValue: reason) else { continue }
            let error = TunnelError(LookupFailure(reason, code: 5, roundTrips: 3), host: host)
            #expect(!error.line.unicodeScalars.contains { $0.value < 0x20 }, "\(error)")
        }
    }
}
