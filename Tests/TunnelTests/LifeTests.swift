import Glibc
import NIOCore
import Scopes
import Support
import Testing

@testable import Tunnel

/// What the namespace and its process are to the rest of the machine, from the beginning to every kind of end.
@Suite(.timeLimit(.minutes(5))) struct LifeTests {
    private static let isRoot = geteuid() == 0

    @Test func twoThatAreEqualDoNotMeet() async throws {
        try await Bench.withNamespace { one in
            try await Bench.withNamespace { other in
                let address = try SocketAddress(ipAddress: "10.64.0.2", port: 25)
                for namespace in [one, other] { try await namespace.configure(Joined.near) }
                let listener = try #require(try await one.listen(at: address).take())
                defer { close(listener) }
                let client = try #require(try await one.connect(to: address, limit: .seconds(20)).take())
                close(client)
                await #expect(throws: TunnelError.refused("10.64.0.2:25")) {
                    _ = try await other.connect(to: address, limit: .seconds(20))
                }
            }
        }
    }

    @Test func aCancelledConnectEndsAtOnceAndLeavesNoSocket() async throws {
        try await Bench.withNamespace { namespace in
            try await namespace.configure(Joined.near)
            let target = try SocketAddress(ipAddress: "198.51.100.7", port: 25)
            let connecting = Task { try await namespace.connect(to: target, limit: .seconds(3_600)) }
            let device = try #require(namespace.takeDevice())
            defer { close(device) }
            Plain.wait(device, POLLIN)  // its SYN
            connecting.cancel()
            await #expect(throws: TunnelError.cancelled) { _ = try await connecting.value }
            _ = try await namespace.counters()
            if Self.isRoot { #expect(Process.descriptors(namespace.helperProcess) == [0, 1, 2, 3, 4]) }
        }
    }

    @Test func silenceEndsWithItsLimit() async throws {
        try await Bench.withNamespace { namespace in
            try await namespace.configure(Joined.near)
            await #expect(throws: TunnelError.timedOut("198.51.100.7:25")) {
                _ = try await namespace.connect(
                    to: SocketAddress(ipAddress: "198.51.100.7", port: 25), limit: .milliseconds(50))
            }
        }
    }

    @Test func manyConnectionsAreUnderWayAtOnceAndNoMoreThanTheBound() async throws {
        try await Bench.withNamespace { namespace in
            try await namespace.configure(Joined.near)
            let results = await withTaskGroup(of: TunnelError?.self) { group in
                for port in 1...100 {
                    group.addTask {
                        do throws(TunnelError) {
                            guard let target = try? SocketAddress(ipAddress: "198.51.100.7", port: port) else {
                                return nil
                            }
                            _ = try await namespace.connect(to: target, limit: .milliseconds(400))
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [TunnelError?]()) { $0.append($1) }
            }
            let timedOut = results.count { if case .timedOut? = $0 { true } else { false } }
            let refused = results.count { if case .unusable? = $0 { true } else { false } }
            #expect(timedOut >= 64 && timedOut + refused == 100)
            _ = try await namespace.counters()
        }
    }

    @Test(.enabled(if: isRoot)) func theHelperHasNoMoreThanItNeeds() async throws {
        try await Bench.withNamespace { namespace in
            let process = namespace.helperProcess
            #expect(Process.file(process, "cmdline") == "modemail\0tunnel-helper\0")
            let environment = Process.file(process, "environ") ?? ""
            #expect(environment.isEmpty || environment.hasPrefix("LD_LIBRARY_PATH="))
            let status = Process.file(process, "status") ?? ""
            // CAP_NET_ADMIN and CAP_NET_RAW.
            for line in [
                "CapEff:\t0000000000003000", "CapPrm:\t0000000000003000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1",
            ] {
                #expect(status.contains(line), "\(status)")
            }
            #expect(status.contains("Threads:\t1\n"))
            #expect(Process.descriptors(process) == [0, 1, 2, 3, 4])
        }
    }

    @Test(.enabled(if: isRoot)) func nothingIsLeftOfAParentThatIsKilled() throws {
        let parent = try TestProcess.start(Alone.command(.hold))
        let words = try #require(parent.readUntil("holding"))
        let line = try #require(words.split(separator: "\n").first { $0.hasPrefix("helper ") })
        let helper = try #require(Int32(line.dropFirst(7)))
        let namespace = try #require(Process.link(helper, "ns/net"))
        // Nobody else is in it. Afterwards its number may be that of another one, so it is not looked for again.
        #expect(Process.all.filter { Process.link($0, "ns/net") == namespace } == [helper])
        parent.signal(SIGKILL)
        parent.wait()
        // Returns when there is no process of that number.
        try TestProcess.run(["tail", "--pid=\(helper)", "-s", "0.02", "-f", "/dev/null"])
    }

    @Test func twentyLeaveNothingBehind() throws {
        let output = try TestProcess.run(Alone.command(.count))
        #expect(output.contains("counted 20"), "\(output)")
    }

    /// Debian's udev gives the device file to everybody; the machine of the test may have no udev.
    @Test(.enabled(if: isRoot)) func nobodyCanDoItToo() throws {
        var found = stat()
        // The structure outlives the call.
        #expect(unsafe stat("/dev/net/tun", &found) == 0)
        unsafe chmod("/dev/net/tun", 0o666)
        defer { unsafe chmod("/dev/net/tun", found.st_mode & 0o7777) }
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let filter = "^TunnelTests\\.(NamespaceTests|ResolverTests)/"
        let output = try TestProcess.run(nobody + Alone.program + ["--filter", filter])
        #expect(output.contains(" passed after "), "\(output)")
        #expect(!output.contains("with 0 tests"), "\(output)")
        #expect(try TestProcess.run(nobody + Alone.command(.count)).contains("counted 20"))
    }
}
