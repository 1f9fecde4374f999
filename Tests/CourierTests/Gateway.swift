import Glibc
import NIOPosix
import Support
import Testing

/// A gateway on trial: the programs as users run them, in a folder of their own, with a fake modem and a real mail server.
/// Its calls block; tests run them by `onThread`.
final class Gateway: Sendable {
    struct Run {
        let status: Int32
        /// Standard output and standard error together.
        let output: String
    }

    static let host = "mail.example.test"
    static let user = "gateway@example.net"
    let directory: String
    let server: MailServer
    private let modem: TestProcess?

    /// The package's folder, and the folder of the built programs.
    static let root = String(#filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined())
    static let programs: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let count = max(0, unsafe readlink("/proc/self/exe", &path, path.count - 1))
        let own = String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(own.split(separator: "/").dropLast().map { "/" + $0 }.joined())
    }()

    /// - Parameters:
    ///   - modem: further options of `fake-modem`; nil: no modem.
    ///   - profile: which modem it imitates.
    ///   - server: where the route for `smtps` (465) or `smtp` (587) leads.
    init(modem options: [String]? = [], profile: String = "quectel-ec25", server: MailServer) throws {
        self.server = server
        directory = try TemporaryFolder.make()
        try TemporaryFolder.write(TestSecrets.password, to: directory + "/password")
        guard let options else {
            modem = nil
            return
        }
        let words =
            [
                Self.programs + "/fake-modem", "--profile", profile, "--link", directory + "/modem",
                "--route", "\(Self.host):\(server.isStartTLS ? 587 : 465)=127.0.0.1:\(server.port)",
                "--ledger", directory + "/ledger",
            ] + options
        let process = try TestProcess.start(words)
        guard process.readUntil("ready ") != nil else {
            throw TestProcess.Failure.ended(
                program: "fake-modem", status: process.wait(), output: process.readToEnd())
        }
        modem = process
    }

    /// The modem that speaks a dialect.
    static func profile(speaking dialect: String) -> String {
        switch dialect.prefix(while: { $0 != "/" }) {
        case "simcom": "simcom-sim800"
        case "wip": "sierra-wip"
        default: "quectel-ec25"
        }
    }

    /// The options that every mail of these tests has.
    var usual: [String] {
        var words = [
            "--server", "\(server.isStartTLS ? "smtp" : "smtps")://gateway%40example.net@\(Self.host)",
            "--password-file", directory + "/password", "--ca-file", server.anchors, "--state-dir",
            directory + "/state",
            "--from", Self.user, "--to", "ops@example.net",
        ]
        if modem != nil { words += ["--device", directory + "/modem", "--apn", "internet", "--via", "socket"] }
        return words
    }

    func start(_ words: [String]) throws -> TestProcess {
        try TestProcess.start([Self.programs + "/modemail"] + words)
    }

    func run(_ words: [String], input: String = "") throws -> Run {
        let process = try start(words)
        process.write(input)
        process.endInput()
        let output = process.readToEnd()
        return Run(status: process.wait(), output: output)
    }

    /// `modemail send` with the usual options and these.
    func send(_ words: [String], input: String = "") throws -> Run {
        try run(["send"] + usual + words, input: input)
    }

    /// Ends the fake modem as a user would, and answers with its ledger and whether it balanced.
    func finish() throws -> (balanced: Bool, ledger: String) {
        guard let modem else { return (true, "") }
        modem.signal(SIGTERM)
        let output = modem.readToEnd()
        let status = modem.wait()
        let ledger = TemporaryFolder.read(directory + "/ledger") ?? output
        let last = ledger.split(separator: "\n").last ?? ""
        return (status == 0 && last.replacing(" ", with: "").contains("\"balanced\":true"), ledger)
    }

    deinit {
        modem?.stop()
        TemporaryFolder.keep(directory)
        TemporaryFolder.remove(directory)
    }
}

/// Threads for calls that block, so that these tests do not hold those of the others. Each gateway is several processes.
private let threads: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 6)
    pool.start()
    return pool
}()

func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await threads.runIfActive(body)
}

/// Folders of one test, for its owner alone.
enum TemporaryFolder {
    static func make() throws -> String {
        var template = Array("/tmp/modemail-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw TestProcess.Failure.notStarted(program: "mkdtemp", errno: errno)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func write(_ octets: [UInt8], to path: String, mode: mode_t = 0o600) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw TestProcess.Failure.notStarted(program: path, errno: errno) }
        defer { close(descriptor) }
        fchmod(descriptor, mode)
        var rest = octets[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw TestProcess.Failure.notStarted(program: path, errno: errno) }
            rest = rest.dropFirst(count)
        }
    }

    static func octets(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return result }
            result += chunk.prefix(count)
        }
    }

    static func read(_ path: String) -> String? {
        octets(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Returns when the file is there and `holds` of its text; looks again whenever the kernel says that it changed.
    static func wait(for file: String, in folder: String, holds: (String) -> Bool) throws {
        let watch = inotify_init1(Int32(IN_CLOEXEC))
        defer { close(watch) }
        let interest = UInt32(IN_MODIFY | IN_CREATE | IN_CLOSE_WRITE)
        guard unsafe inotify_add_watch(watch, folder, interest) >= 0 else {
            throw TestProcess.Failure.notStarted(program: "inotify", errno: errno)
        }
        var events = [UInt8](repeating: 0, count: 4096)
        while true {
            if let text = read(folder + "/" + file), holds(text) { return }
            _ = unsafe Glibc.read(watch, &events, events.count)
        }
    }

    /// Names in a folder, sorted.
    static func names(_ path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            // The entry stays valid until the next call; its name is copied here.
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Keeps transcripts where `scripts/test` searches them for secrets.
    static func keep(_ directory: String) {
        guard let kept = unsafe getenv("TEST_KEEP").map({ unsafe String(cString: $0) }) else { return }
        let name = directory.split(separator: "/").last.map(String.init) ?? "test"
        for file in names(directory) where file.hasSuffix(".transcript") {
            if let octets = octets(directory + "/" + file) { try? write(octets, to: "\(kept)/\(name)-\(file)") }
        }
    }

    static func remove(_ path: String) {
        _ = try? TestProcess.run(["rm", "-rf", path])
    }
}
