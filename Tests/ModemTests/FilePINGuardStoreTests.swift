import Modem
import NIOPosix
import SystemPackage
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(5))) struct FilePINGuardStoreTests {
    private func withDirectory(_ body: (FilePath, FilePINGuardStore) async throws -> Void) async throws {
        let name = "/tmp/modemail-pin-\(UInt64.random(in: 0 ... .max))"
        let directory = FilePath(name)
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        do {
            try await body(directory, FilePINGuardStore(directory: directory, threadPool: pool))
        } catch {
            try await clean(directory, pool)
            throw error
        }
        try await clean(directory, pool)
    }

    private func clean(_ directory: FilePath, _ pool: NIOThreadPool) async throws {
        for name in ["pin-guard-iccid-1", "pin-guard-______x", "pin-guard-iccid-1.new"] {
            _ = unsafe unlink(directory.appending(name).string)
        }
        _ = unsafe rmdir(directory.string)
        try await pool.shutdownGracefully()
    }

    private let record = PINRecord(
        key: Array(0..<32), intent: PINRecord.Intent(digest: Array(1..<33), triesLeft: 3), refused: [Array(2..<34)])

    @Test func recordIsReadAsItWasStored() async throws {
        try await withDirectory { _, store in
            #expect(try await store.record(for: "iccid-1") == nil)
            try await store.store(PINRecord(key: Array(0..<32)), for: "iccid-1")
            try await store.store(record, for: "iccid-1")
            #expect(try await store.record(for: "iccid-1") == record)
            #expect(try await store.record(for: "iccid-2") == nil)
        }
    }

    @Test func recordIsForItsOwnerAloneAndNothingElseIsLeft() async throws {
        try await withDirectory { directory, store in
            try await store.store(record, for: "iccid-1")
            var status = stat()
            #expect(unsafe stat(directory.appending("pin-guard-iccid-1").string, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(unsafe access(directory.appending("pin-guard-iccid-1.new").string, F_OK) != 0)
        }
    }

    @Test func damagedRecordIsAnErrorAndNotNone() async throws {
        try await withDirectory { directory, store in
            try await store.store(record, for: "iccid-1")
            let file = try FileDescriptor.open(directory.appending("pin-guard-iccid-1"), .writeOnly, options: .truncate)
            try file.closeAfter { _ = try file.writeAll(Array("modemail PIN".utf8)) }
            await #expect(throws: PINGuardStoreError.self) { try await store.record(for: "iccid-1") }
        }
    }

    @Test func missingParentsAreMade() async throws {
        try await withDirectory { directory, _ in
            let pool = NIOThreadPool(numberOfThreads: 1)
            pool.start()
            let nested = directory.appending("a").appending("b")
            let store = FilePINGuardStore(directory: nested, threadPool: pool)
            try await store.store(record, for: "iccid-1")
            #expect(try await store.record(for: "iccid-1") == record)
            _ = unsafe unlink(nested.appending("pin-guard-iccid-1").string)
            _ = unsafe rmdir(nested.string)
            _ = unsafe rmdir(directory.appending("a").string)
            try await pool.shutdownGracefully()
        }
    }

    @Test func keyNeverLeavesTheDirectory() async throws {
        try await withDirectory { directory, store in
            #expect(store.place(of: "../../x") == directory.appending("pin-guard-______x").string)
        }
    }

    @Test func directoryThatCannotBeMadeIsAnError() async throws {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let store = FilePINGuardStore(directory: "/proc/none/state", threadPool: pool)
        await #expect(throws: PINGuardStoreError.self) { try await store.store(record, for: "iccid-1") }
        try await pool.shutdownGracefully()
    }
}
