import Support

/// A far end and a client for tunnels, by Python's own sockets: Tests/Programs/tunnel-peer.py.
final class TunnelPeer: Sendable {
    let port: Int
    private let process: TestProcess

    private init(port: Int, process: TestProcess) {
        self.port = port
        self.process = process
    }

    private static let program = ["/usr/bin/python3", Gateway.root + "/Tests/Programs/tunnel-peer.py"]

    /// A server: `echo`, `answer` (waits for a line or the end, then sends as many octets as asked for) or `reset`.
    static func start(_ kind: String) throws -> TunnelPeer {
        let process = try TestProcess.start(program + ["serve", kind])
        guard let output = process.readUntil("\n"), output.hasPrefix("ready "),
            let port = Int(output.dropFirst(6).prefix { $0.isNumber })
        else {
            throw TestProcess.Failure.ended(program: "tunnel-peer", status: process.wait(), output: process.readToEnd())
        }
        return TunnelPeer(port: port, process: process)
    }

    static func startClient(_ kind: String, _ port: Int, _ words: [String] = []) throws -> TestProcess {
        let process = try TestProcess.start(program + [kind, String(port)] + words)
        process.endInput()
        return process
    }

    /// Runs a client to its end: what it wrote.
    static func client(_ kind: String, _ port: Int, _ words: [String] = []) throws -> String {
        let process = try startClient(kind, port, words)
        let output = process.readToEnd()
        process.wait()
        return output
    }

    deinit { process.stop() }
}
