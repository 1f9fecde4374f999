import Support
import Synchronization

/// The servers of Tests/Programs/bad-server.py: one process for every test, and it ends with this one.
final class BadServers: Sendable {
    /// Each test has a port of its own, so that what was seen there is its own.
    enum Use: Int {
        case overInterface
        case throughModem
        case withinTheWhole
    }

    let ports: [String: [Int]]
    private let directory: String
    private let process: TestProcess

    private static let made = Mutex<BadServers?>(nil)

    static func shared() throws -> BadServers {
        try made.withLock { made in
            if let made { return made }
            let new = try BadServers()
            made = new
            return new
        }
    }

    private init() throws {
        let certificate = try TestCertificates.shared().server
        directory = try TemporaryFolder.make()
        try TemporaryFolder.write(TestSecrets.password, to: directory + "/password")
        process = try TestProcess.start([
            "/usr/bin/python3", Gateway.root + "/Tests/Programs/bad-server.py", "--certificate",
            certificate.certificateFile, "--key", certificate.keyFile, "--directory", directory, "--user", Gateway.user,
            "--password-file", directory + "/password",
        ])
        guard let output = process.readUntil("ready\n") else {
            throw TestProcess.Failure.ended(
                program: "bad-server.py", status: process.wait(), output: process.readToEnd())
        }
        var ports: [String: [Int]] = [:]
        for line in output.split(separator: "\n") where line.hasPrefix("case ") {
            let words = line.split(separator: " ")
            ports[String(words[1])] = words.dropFirst(2).compactMap { Int($0) }
        }
        self.ports = ports
    }

    func port(_ name: String, _ use: Use) throws -> Int {
        guard let ports = ports[name], use.rawValue < ports.count else {
            throw TestProcess.Failure.ended(program: "bad-server.py", status: 0, output: "no case \(name)")
        }
        return ports[use.rawValue]
    }

    /// What the port saw, once each of its sessions has ended.
    func log(_ port: Int) throws -> [String] {
        let lines = { (text: String) in text.split(separator: "\n").map(String.init) }
        try TemporaryFolder.wait(for: "\(port).log", in: directory) { text in
            let lines = lines(text)
            return lines.contains("ended") && lines.count { $0 == "connected" } == lines.count { $0 == "ended" }
        }
        return lines(TemporaryFolder.read("\(directory)/\(port).log") ?? "")
    }
}
