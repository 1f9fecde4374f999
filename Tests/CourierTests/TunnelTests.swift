import Glibc
import Support
import Testing

/// `modemail tunnel` as users run it: strangers speak through it with real servers, over the fake modem.
@Suite(.timeLimit(.minutes(15))) struct TunnelTests {
    /// A tunnel that runs, and where it listens.
    final class Tunnel: Sendable {
        let process: TestProcess
        let port: Int

        /// Blocks until it listens.
        init(_ gateway: Gateway, _ words: [String]) throws {
            // Clients of these tests close both directions at once, which a modem's socket cannot tell from one.
            try TemporaryFolder.write("timeouts: { half-close: 200ms }\n", to: gateway.directory + "/tunnel.yaml")
            process = try gateway.start(
                [
                    "tunnel", "--config", gateway.directory + "/tunnel.yaml", "--device", gateway.directory + "/modem",
                    "--apn", "internet", "--via", "socket", "--state-dir",
                    gateway.directory + "/state", "--listen", "127.0.0.1:0",
                ] + words)
            process.endInput()
            guard let output = process.readUntil("\n"), let line = output.firstRange(of: "listening 127.0.0.1:"),
                let port = Int(output[line.upperBound...].prefix { $0.isNumber })
            else {
                throw TestProcess.Failure.ended(
                    program: "tunnel", status: process.wait(), output: process.readToEnd())
            }
            self.port = port
        }

        /// Ends it as a user would; its status and what it wrote.
        func finish(_ signal: Int32 = SIGTERM) -> (status: Int32, output: String) {
            process.signal(signal)
            let output = process.readToEnd()
            return (process.wait(), output)
        }
    }

    private static let name = "files.example.test"

    /// A gateway whose internet holds one peer of ours behind `files.example.test:7`.
    private static func gateway(_ peer: TunnelPeer, _ options: [String] = []) throws -> Gateway {
        try Gateway(
            modem: ["--route", "\(name):7=127.0.0.1:\(peer.port)"] + options, server: try MailServer.aiosmtpd())
    }

    @Test(arguments: [("quectel", 200_000), ("quectel/push", 1_000_000), ("quectel/transparent", 200_000)])
    func whatPassesBothWaysArrivesAsItWasAndTheNextTunnelNeedsNoReset(_ dialect: String, _ octets: Int) async throws {
        try await onThread {
            let peer = try TunnelPeer.start("echo")
            let gateway = try Self.gateway(peer)
            for octets in [octets, 3_000] {
                let tunnel = try Tunnel(gateway, ["--connect", "\(Self.name):7", "--dialect", dialect])
                let run = try TunnelPeer.client("mirror", tunnel.port, [String(octets), "1"])
                #expect(run == "ok \(octets)\n")
                let (status, output) = tunnel.finish()
                #expect(status == 143, "\(output)")
                #expect(output.contains("\(octets) octets up, \(octets) down"), "\(output)")
            }
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func severalClientsAtOnceEachGetTheirOwnOctets() async throws {
        try await onThread {
            let peer = try TunnelPeer.start("echo")
            let gateway = try Self.gateway(peer, ["--chatter", "5", "--fragments", "random"])
            let tunnel = try Tunnel(gateway, ["--connect", "\(Self.name):7"])
            let run = try TunnelPeer.client("mirror", tunnel.port, ["20000", "8"])
            #expect(run == String(repeating: "ok 20000\n", count: 8))
            let (status, output) = tunnel.finish()
            #expect(status == 143, "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// A transparent mode has one connection: the second client is served when the first has ended.
    @Test func aClientBeyondTheLimitWaits() async throws {
        try await onThread {
            let peer = try TunnelPeer.start("echo")
            let gateway = try Self.gateway(peer)
            let tunnel = try Tunnel(gateway, ["--connect", "\(Self.name):7", "--dialect", "quectel/transparent"])
            let run = try TunnelPeer.client("mirror", tunnel.port, ["2000", "3"])
            #expect(run == String(repeating: "ok 2000\n", count: 3))
            let (_, output) = tunnel.finish()
            #expect(output.contains("further clients wait"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// The client ends its direction first, and still gets the whole answer.
    @Test(arguments: ["socket", "interface:lo"]) func aClientThatEndsFirstGetsTheWholeAnswer(_ via: String) async throws
    {
        try await onThread {
            let peer = try TunnelPeer.start("answer")
            let gateway = try Self.gateway(peer)
            let target = via == "socket" ? "\(Self.name):7" : "127.0.0.1:\(peer.port)"
            let tunnel = try Tunnel(gateway, ["--via", via, "--connect", target])
            // Over an interface the far side is told of the client's end; a modem's socket cannot say it.
            let question = via == "socket" ? ["30000", "line"] : ["30000"]
            #expect(try TunnelPeer.client("ask", tunnel.port, question) == "ok 30000\n")
            let (status, output) = tunnel.finish()
            #expect(status == 143, "\(output)")
            #expect(output.contains("ended; \(via == "socket" ? 6 : 5) octets up, 30000 down"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aFarSideThatResetsResetsTheClient() async throws {
        try await onThread {
            let peer = try TunnelPeer.start("reset")
            let gateway = try Self.gateway(peer)
            let tunnel = try Tunnel(gateway, ["--via", "interface:lo", "--connect", "127.0.0.1:\(peer.port)"])
            #expect(try TunnelPeer.client("ask", tunnel.port, ["0"]).contains("reset"))
            let (_, output) = tunnel.finish()
            #expect(output.contains("the far end failed"), "\(output)")
            _ = try gateway.finish()
        }
    }

    @Test func aClientThatResetsClosesTheFarSideAndTheNextIsServed() async throws {
        try await onThread {
            let peer = try TunnelPeer.start("echo")
            let gateway = try Self.gateway(peer)
            let tunnel = try Tunnel(gateway, ["--connect", "\(Self.name):7"])
            #expect(try TunnelPeer.client("reset", tunnel.port, ["5000"]) == "ok\n")
            #expect(try TunnelPeer.client("mirror", tunnel.port, ["5000", "1"]) == "ok 5000\n")
            let (_, output) = tunnel.finish()
            #expect(output.contains("the client failed"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// A client that reads nothing holds back its own connection, not the others'.
    @Test func aSlowClientHoldsNobodyElseUp() async throws {
        try await onThread {
            let peer = try TunnelPeer.start("answer")
            let gateway = try Self.gateway(peer)
            let tunnel = try Tunnel(gateway, ["--connect", "\(Self.name):7"])
            #expect(try TunnelPeer.client("slow", tunnel.port, ["150000", "20000"]) == "ok 20000\nok 150000\n")
            let (status, output) = tunnel.finish()
            #expect(status == 143, "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func aSignalInTheMiddleClosesEverythingInOrder(_ signal: Int32) async throws {
        try await onThread {
            let peer = try TunnelPeer.start("echo")
            let gateway = try Self.gateway(peer)
            let tunnel = try Tunnel(gateway, ["--connect", "\(Self.name):7", "--json"])
            let client = try TunnelPeer.startClient("endless", tunnel.port)
            #expect(client.readUntil("10000") != nil)
            let (status, output) = tunnel.finish(signal)
            #expect(status == (signal == SIGTERM ? 143 : 130), "\(output)")
            #expect(output.contains("\"outcome\": \"interrupted\""), "\(output)")
            #expect(client.readToEnd().contains("reset"))
            let next = try Tunnel(gateway, ["--connect", "\(Self.name):7", "--once"])
            #expect(try TunnelPeer.client("mirror", next.port, ["5000", "1"]) == "ok 5000\n")
            let rest = next.process.readToEnd()
            #expect(next.process.wait() == 0, "\(rest)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test(arguments: ["pdpdeact", "unplug"]) func aLostBearerEndsTheTunnelAndTheNextNeedsNoReset(
        _ effect: String
    ) async throws {
        try await onThread {
            let peer = try TunnelPeer.start("echo")
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("at octet 40000 up: \(effect)\n", to: folder + "/faults")
            let gateway = try Self.gateway(peer, ["--faults", folder + "/faults"])
            let tunnel = try Tunnel(gateway, ["--connect", "\(Self.name):7"])
            let client = try TunnelPeer.startClient("endless", tunnel.port)
            let output = tunnel.process.readToEnd()
            #expect(tunnel.process.wait() == 75, "\(output)")
            #expect(output.contains("the link was lost"), "\(output)")
            #expect(client.readToEnd().contains("reset"))
            if effect == "pdpdeact" {
                let next = try Tunnel(gateway, ["--connect", "\(Self.name):7"])
                #expect(try TunnelPeer.client("mirror", next.port, ["5000", "1"]) == "ok 5000\n")
                #expect(next.finish().status == 143)
            }
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aNameWithoutAnAddressIsSaidAndTheTunnelGoesOn() async throws {
        try await onThread {
            let peer = try TunnelPeer.start("echo")
            let gateway = try Self.gateway(peer)
            let tunnel = try Tunnel(gateway, ["--connect", "nowhere.example.test:7"])
            #expect(try TunnelPeer.client("ask", tunnel.port, ["0"]).contains("reset"))
            let (status, output) = tunnel.finish()
            #expect(status == 143, "\(output)")
            #expect(output.contains("nowhere.example.test did not resolve"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// curl speaks plain SMTP to the tunnel, which speaks TLS to the server.
    @Test func aStrangerSendsAMailThroughATunnelThatAddsTLS() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(server: server)
            let tunnel = try Tunnel(
                gateway, ["--connect", "\(Gateway.host):465", "--tls", "--ca-file", server.anchors])
            try TemporaryFolder.write(
                "user = \"\(Gateway.user):\(TestSecrets.password)\"\n", to: gateway.directory + "/curl.conf")
            let curl = try TestProcess.run(
                [
                    "curl", "-sS", "--config", gateway.directory + "/curl.conf", "--url",
                    "smtp://127.0.0.1:\(tunnel.port)", "--mail-from", Gateway.user,
                    "--mail-rcpt",
                    "ops@example.net", "--upload-file", "-",
                ],
                input: "Subject: through the tunnel\r\n\r\nbody\r\n")
            #expect(curl.isEmpty, "\(curl)")
            #expect(try server.messages(1).count == 1)
            let (status, output) = tunnel.finish()
            #expect(status == 143, "\(output)")
            #expect(output.contains("TLS 1.3"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// The client's own TLS passes through: it verifies the server itself.
    @Test func aStrangerSpeaksItsOwnTLSThroughThePlainTunnel() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(server: server)
            let tunnel = try Tunnel(gateway, ["--connect", "\(Gateway.host):465"])
            let process = try TestProcess.start([
                "openssl", "s_client", "-connect", "127.0.0.1:\(tunnel.port)", "-servername", Gateway.host,
                "-CAfile", server.anchors, "-verify_hostname", Gateway.host, "-verify_return_error", "-crlf", "-quiet",
            ])
            #expect(process.readUntil("220 ") != nil)
            process.write("QUIT\n")
            #expect(process.readUntil("221 ") != nil)
            process.stop()
            let (_, output) = tunnel.finish()
            #expect(output.contains("connected to \(Gateway.host):465"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aServerThatCannotBeVerifiedGetsNoOctetOfTheClient() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(server: server)
            let tunnel = try Tunnel(gateway, ["--connect", "\(Gateway.host):465", "--tls", "--once"])
            #expect(try TunnelPeer.client("ask", tunnel.port, ["0"]).contains("reset"))
            let output = tunnel.process.readToEnd()
            #expect(tunnel.process.wait() == 76, "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }
}
