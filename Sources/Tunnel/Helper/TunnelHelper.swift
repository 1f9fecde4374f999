import CLinux
import Glibc
import NIOCore

/// The second process: it lives in a network namespace of its own with a TUN device, and makes sockets there for the process
/// that has started it.
///
/// Its program is the same as that process's, executed anew, since only a process with one thread may enter a user namespace.
/// It ends when that process closes its end of the sockets, also by dying; nobody else keeps the namespace alive then.
public enum TunnelHelper {
    /// The first argument that asks for it.
    public static let argument = "tunnel-helper"

    static let control: Int32 = 3
    static let descriptors: Int32 = 4

    /// Whether this process was started to be a helper.
    public static func isWanted(_ arguments: [String]) -> Bool { arguments.dropFirst().first == argument }

    /// Runs to the end of the process: its exit status. To be called first of all, while there is one thread.
    public static func main(_ arguments: [String]) -> Int32 {
        guard arguments.count == 2, clinux_descriptor_is_unix_socket(control) == 1,
            clinux_descriptor_is_unix_socket(descriptors) == 1
        else {
            complain(
                "\(argument) is for this program itself, which starts it for PPP; there is nothing to do by hand\n")
            return 64
        }
        // It ends with the other process, not with a terminal or a service: the teardown may still need it.
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        let channel = HelperChannel(control: control, descriptors: descriptors)
        do throws(HelperFault) {
            let made = try NamespaceSetup.make()
            try HelperFault.check(.rights, clinux_rights_reduce())
            guard channel.pass(made.tun, number: 0) else { return 1 }
            guard channel.send(.ready(version: HelperReply.version, unsettled: made.unsettled), number: 0) else {
                return 1
            }
        } catch {
            _ = channel.send(.failed(error), number: 0)
            return 1
        }
        var loop = HelperLoop(channel)
        loop.run()
        return 0
    }

    private static func complain(_ text: String) {
        // The array outlives the call, which reads no more than its count.
        _ = unsafe Array(text.utf8).withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}
