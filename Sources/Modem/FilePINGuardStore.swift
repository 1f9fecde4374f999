import Glibc
public import NIOPosix
public import SystemPackage

/// PIN records as files of their own in the state directory: mode 0600, replaced as a whole, on the disk before the PIN leaves.
public struct FilePINGuardStore: PINGuardStore {
    private let directory: FilePath
    private let threadPool: NIOThreadPool

    /// - Parameters:
    ///   - directory: the state directory; it is made, with mode 0700, when it is missing.
    ///   - threadPool: where the file work runs.
    public init(directory: FilePath, threadPool: NIOThreadPool) {
        self.directory = directory
        self.threadPool = threadPool
    }

    public func place(of key: String) -> String { path(of: key).string }

    public func record(for key: String) async throws(PINGuardStoreError) -> PINRecord? {
        let path = path(of: key)
        return try await onThread { () throws(PINGuardStoreError) -> PINRecord? in
            guard let text = try Self.contents(of: path) else { return nil }
            guard let record = PINRecord(text: text) else {
                throw PINGuardStoreError("\(path.string) is damaged; delete it if you know that the PIN is right")
            }
            return record
        }
    }

    public func store(_ record: PINRecord, for key: String) async throws(PINGuardStoreError) {
        let path = path(of: key)
        let directory = directory
        try await onThread { () throws(PINGuardStoreError) in
            try Self.make(directory)
            let temporary = directory.appending("\(path.lastComponent?.string ?? "pin-guard").new")
            try Self.write(Array(record.text.utf8), to: temporary)
            // The strings are borrowed for the call alone, here and below.
            guard unsafe rename(temporary.string, path.string) == 0 else {
                throw Self.failure("rename", temporary, errno)
            }
            try Self.synchronise(directory)
        }
    }

    /// Keys are made by the unlocking from digits and letters; anything else is replaced, so that none leaves the directory.
    private func path(of key: String) -> FilePath {
        let safe = key.unicodeScalars.prefix(64).map { scalar -> Character in
            ("0"..."9").contains(scalar) || ("a"..."z").contains(scalar) || scalar == "-" ? Character(scalar) : "_"
        }
        return directory.appending("pin-guard-" + String(safe))
    }

    private func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws(PINGuardStoreError) -> Value
    ) async throws(PINGuardStoreError) -> Value {
        do {
            return try await threadPool.runIfActive { () throws -> Value in try work() }
        } catch let error as PINGuardStoreError {
            throw error
        } catch {
            throw PINGuardStoreError("the program is ending")
        }
    }

    /// Nil when there is no such file. At most 8 kB are read; a longer one is damaged.
    private static func contents(of path: FilePath) throws(PINGuardStoreError) -> String? {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .noFollow])
            return try file.closeAfter {
                // The buffer is this call's own; the file writes no more than its size.
                let octets = try unsafe [UInt8](unsafeUninitializedCapacity: 8193) { buffer, count in
                    unsafe count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                return String(decoding: octets, as: UTF8.self)
            }
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch let error as Errno {
            throw failure("open", path, error.rawValue)
        } catch {
            throw failure("read", path, EIO)
        }
    }

    private static func write(_ octets: [UInt8], to path: FilePath) throws(PINGuardStoreError) {
        do {
            _ = unsafe unlink(path.string)
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                permissions: [.ownerRead, .ownerWrite])
            try file.closeAfter {
                try file.writeAll(octets)
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch let error as Errno {
            throw failure("write", path, error.rawValue)
        } catch {
            throw failure("write", path, EIO)
        }
    }

    /// With its missing parents, as the XDG base directory specification wants it.
    private static func make(_ directory: FilePath) throws(PINGuardStoreError) {
        if unsafe mkdir(directory.string, 0o700) == 0 || errno == EEXIST { return }
        let number = errno
        let parent = directory.removingLastComponent()
        guard number == ENOENT, !parent.isEmpty, parent != directory else { throw failure("mkdir", directory, number) }
        try make(parent)
        guard unsafe mkdir(directory.string, 0o700) == 0 || errno == EEXIST else {
            throw failure("mkdir", directory, errno)
        }
    }

    private static func synchronise(_ directory: FilePath) throws(PINGuardStoreError) {
        do {
            let file = try FileDescriptor.open(directory, .readOnly, options: [.closeOnExec, .directory])
            try file.closeAfter {
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch let error as Errno {
            throw failure("fsync", directory, error.rawValue)
        } catch {
            throw failure("fsync", directory, EIO)
        }
    }

    private static func failure(_ what: String, _ path: FilePath, _ number: CInt) -> PINGuardStoreError {
        PINGuardStoreError("\(what) \(path.string): \(Errno(rawValue: number).description)")
    }
}
