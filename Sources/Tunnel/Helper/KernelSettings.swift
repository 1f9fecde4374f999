import Glibc
import SystemPackage

/// What the kernel is told for a slow and metered link, in this namespace alone. A setting that this kernel does not have, or
/// that the sandbox makes read-only, is left as it is and reported.
enum KernelSettings {
    struct Setting {
        let name: String
        let value: String
    }

    /// Settings of the namespace.
    static let namespace = [
        // 12 octets in each segment, and Van Jacobson's compression (RFC 1144 §3.2.3) has no form for an option that changes.
        Setting(name: "ipv4/tcp_timestamps", value: "0"),
        // The window that the line carried before a pause is still the right one: a modem's line is not shared.
        Setting(name: "ipv4/tcp_slow_start_after_idle", value: "0"),
        // A SYN is repeated after 1, 3, 7, 15 s and not in even steps of 1 s: on a link of 2 s these would all be waste.
        Setting(name: "ipv4/tcp_syn_linear_timeouts", value: "0"),
        // 63 s until the kernel gives a handshake up; the caller's limit is shorter, and counts.
        Setting(name: "ipv4/tcp_syn_retries", value: "5"),
        // No probe of the path for a larger MTU: the link's own is known.
        Setting(name: "ipv4/tcp_mtu_probing", value: "0"),
        // An unsent backlog larger than this helps nobody: progress is shown for what has left, and a reset loses less.
        Setting(name: "ipv4/tcp_notsent_lowat", value: "65536"),
        // 1 MiB in flight is enough for the fastest modem (20 Mbit/s at 200 ms); the default of 4 MiB only fills queues.
        Setting(name: "ipv4/tcp_wmem", value: "4096 16384 1048576"),
        Setting(name: "ipv4/tcp_rmem", value: "4096 131072 1048576"),
        // A connection that nobody owns any more keeps the namespace alive: it is given up soon.
        Setting(name: "ipv4/tcp_orphan_retries", value: "2"),
        Setting(name: "ipv4/tcp_fin_timeout", value: "5"),
        // Nothing of what was learnt of a peer outlives the namespace, so it need not be kept.
        Setting(name: "ipv4/tcp_no_metrics_save", value: "1"),
        // The far side of a fake network serves 25, 53, 465 and 587 without a right for it.
        Setting(name: "ipv4/ip_unprivileged_port_start", value: "0"),
        // A link with two ends: nothing is forwarded, and no redirect is believed.
        Setting(name: "ipv4/conf/all/accept_redirects", value: "0"),
        Setting(name: "ipv6/conf/all/accept_redirects", value: "0"),
    ]

    /// Settings of the device, before it comes up.
    static func device(_ name: String) -> [Setting] {
        [
            // No address, no solicitation, no multicast report before IPV6CP is through.
            Setting(name: "ipv6/conf/\(name)/disable_ipv6", value: "1"),
            // The link-local address is the one that IPV6CP agreed on; addresses from advertisements take its identifier.
            Setting(name: "ipv6/conf/\(name)/addr_gen_mode", value: "1"),
            // IPV6CP has made the identifiers unique (RFC 5072 §5): no probe for duplicates, and an address counts at once.
            Setting(name: "ipv6/conf/\(name)/dad_transmits", value: "0"),
            Setting(name: "ipv6/conf/\(name)/accept_dad", value: "0"),
            // One address for each prefix; a second one for privacy would cost a solicitation more.
            Setting(name: "ipv6/conf/\(name)/use_tempaddr", value: "0"),
            // The helper solicits itself, when IPv6 is up: the kernel would wait for up to a second and repeat.
            Setting(name: "ipv6/conf/\(name)/router_solicitations", value: "0"),
            Setting(name: "ipv4/conf/\(name)/rp_filter", value: "0"),
        ]
    }

    /// IPv6 is wanted on the device.
    static func ipv6(_ name: String, _ role: TunnelAddresses.IPv6.Role) -> [Setting] {
        [
            // 2: also where this namespace forwards, which it does not; 0 for the side that is the router itself.
            Setting(name: "ipv6/conf/\(name)/accept_ra", value: role == .host ? "2" : "0"),
            Setting(name: "ipv6/conf/\(name)/disable_ipv6", value: "0"),
        ]
    }

    /// The names of those that could not be set.
    static func apply(_ settings: [Setting]) -> [String] {
        settings.compactMap { setting in
            do throws(Errno) {
                try write(setting.value, to: "/proc/sys/net/\(setting.name)")
                return nil
            } catch {
                return setting.name
            }
        }
    }

    static func write(_ text: String, to path: String) throws(Errno) {
        do {
            let file = try FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch let error as Errno {
            throw error
        } catch {
            throw .ioError
        }
    }
}
