import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import Tunnel

/// Tests that have a process for themselves, since they count what a process has, or kill it. `LifeTests` starts them.
enum Alone: String {
    case hold
    case count

    static let program = [Bench.programs + "/modemailPackageTests.xctest", "--testing-library", "swift-testing"]

    static func command(_ kind: Alone) -> [String] {
        ["env", "TEST_ALONE=\(kind.rawValue)"] + program + ["--filter", "^TunnelTests\\.AloneTests/"]
    }

    /// Nil in the process of all tests.
    static let wanted = unsafe getenv("TEST_ALONE").flatMap { unsafe Alone(rawValue: String(cString: $0)) }
}

@Suite struct AloneTests {
    @Test(.enabled(if: Alone.wanted == .hold)) func holdsANamespaceUntilItIsKilled() async throws {
        try await Bench.withNamespace { namespace in
            try await namespace.configure(Joined.near)
            let words = Array("helper \(namespace.helperProcess)\nholding\n".utf8)
            // The array outlives the call.
            _ = unsafe write(1, words, words.count)
            while true { try await Task.sleep(for: .seconds(3_600)) }
        }
    }

    @Test(.enabled(if: Alone.wanted == .count)) func opensAndClosesTwenty() async throws {
        try await use()  // threads and loops are there from now on
        let before = Machine.now
        for _ in 0..<12 { try await use() }
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 { group.addTask { try await use() } }
            try await group.waitForAll()
        }
        #expect(Machine.now == before)
        if Machine.now == before { print("counted 20") }
    }

    private func use() async throws {
        try await Bench.withNamespace { namespace in
            try await namespace.configure(Joined.near)
            let address = try SocketAddress(ipAddress: Joined.nearAddress.description, port: 25)
            let listener = try await namespace.listen(at: address)
            let client = try await namespace.connect(to: address, limit: .seconds(20))
            await #expect(throws: TunnelError.self) {
                _ = try await namespace.resolve("mail.example.com", port: 25, limit: .milliseconds(20))
            }
            _ = (listener, client)
        }
    }

    /// What this process and its machine have.
    private struct Machine: Equatable {
        let descriptors: Int
        let children: [String]
        let devices: [String]
        let routes: String
        let addresses: String
        let resolver: String

        static var now: Machine {
            let own = getpid()
            return Machine(
                descriptors: Process.descriptors(own).count, children: Process.children(own),
                devices: Process.entries("/sys/class/net"), routes: Process.text("/proc/net/route") ?? "",
                addresses: Process.text("/proc/net/if_inet6") ?? "", resolver: Process.text("/etc/resolv.conf") ?? "")
        }
    }
}
