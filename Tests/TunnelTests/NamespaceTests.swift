import Glibc
import NIOCore
import NIOPosix
import Scopes
import Support
import Testing

@testable import Tunnel

@Suite(.timeLimit(.minutes(3))) struct NamespaceTests {
    /// Connects, and sends a word each way.
    private func exchange(_ pair: Joined.Pair, at address: IPAddress, port: Int = 465) async throws {
        let target = try SocketAddress(ipAddress: address.description, port: port)
        let listener = try await pair.far.listen(at: target)
        let client = try await pair.near.connect(to: target, limit: .seconds(20))
        let near = try #require(client.take())
        let listening = try #require(listener.take())
        let far = Plain.accept(listening)
        defer { for descriptor in [near, far, listening] { close(descriptor) } }
        Plain.write(near, "there")
        #expect(Plain.read(far, 5) == "there")
        Plain.write(far, "and back")
        #expect(Plain.read(near, 8) == "and back")
    }

    @Test func tcpGoesBothWaysThroughTheDevices() async throws {
        try await Joined.with { pair in
            try await exchange(pair, at: Joined.served)
            #expect(pair.wire.packets.contains { $0.isFromNear && !$0.isIPv6 && $0.transport == 6 })
            #expect(pair.wire.packets.contains { !$0.isFromNear && !$0.isIPv6 && $0.transport == 6 })
            let counters = try await pair.near.counters()
            #expect(counters.sentPackets > 2 && counters.receivedPackets > 1 && counters.sentDropped == 0)
        }
    }

    @Test func everySettingThatThisKernelHasIsTaken() async throws {
        try await Bench.withNamespace { namespace in
            // What is not taken is not there; the device's own files are in the namespace alone, and all there.
            for name in namespace.unsettled {
                #expect(unsafe !name.contains("ppp0") && access("/proc/sys/net/" + name, F_OK) != 0, "\(name)")
            }
        }
    }

    @Test func anAdvertisementGivesAnIPv6AddressAndARoute() async throws {
        try await Joined.with { pair in
            #expect(try await pair.near.addresses() == [Joined.nearAddress])
            pair.wire.inject(
                RouterAdvertisement.packet(from: .linkLocal(Joined.farIdentifier), prefix: IPAddress("2001:db8:1::")!))
            let own = try #require(IPAddress("2001:db8:1:0:1122:3344:5566:7788"))
            while try await !pair.near.addresses().contains(own) { await Task.yield() }
            try await exchange(pair, at: Joined.served6)
            #expect(pair.wire.packets.contains { $0.isFromNear && $0.isIPv6 && $0.transport == 6 })
            // One Router Solicitation, and nothing else of the kernel's own.
            let solicitations = pair.wire.packets.filter { $0.isFromNear && $0.icmpv6Type == 133 }
            #expect(solicitations.count == 1)
            #expect(pair.wire.packets.allSatisfy { $0.transport == 6 || $0 == solicitations.first })
        }
    }

    @Test func whereNobodyListensIsRefused() async throws {
        try await Joined.with { pair in
            let target = try SocketAddress(ipAddress: "198.51.100.7", port: 25)
            await #expect(throws: TunnelError.refused("198.51.100.7:25")) {
                _ = try await pair.near.connect(to: target, limit: .seconds(20))
            }
        }
    }

    @Test func withoutARouteNothingIsReached() async throws {
        try await Bench.withNamespace { namespace in
            let target = try SocketAddress(ipAddress: "198.51.100.7", port: 25)
            await #expect(throws: TunnelError.unreachable("198.51.100.7:25", words: "Network is unreachable")) {
                _ = try await namespace.connect(to: target, limit: .seconds(20))
            }
        }
    }

    @Test func aDeadHelperFailsAllThatIsPending() async throws {
        let namespace = try await NetworkNamespace.open(Bench.options, on: Bench.loop, threads: Bench.threads)
        try await namespace.configure(Joined.near)
        let target = try SocketAddress(ipAddress: "198.51.100.7", port: 25)
        await withTaskGroup(of: TunnelError?.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    do throws(TunnelError) {
                        _ = try await namespace.connect(to: target, limit: .seconds(600))
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            // Asked later, answered sooner: so those before are under way.
            _ = try? await namespace.counters()
            kill(namespace.helperProcess, SIGKILL)
            for await error in group { #expect(error == .helperLost(words: "it ended")) }
        }
        #expect(await namespace.close().outcome == .failed("the helper ended with signal 9"))
        await #expect(throws: TunnelError.self) { try await namespace.configure(Joined.near) }
    }
}
