import Glibc
import Modem
import Support
import Testing

/// Octets in plain text through the whole program, by each dialect and mode: whatever they look like, they are payload.
@Suite(.timeLimit(.minutes(5))) struct HostilePayloadTests {
    /// Every octet, marks, escapes, and all that modems say; each alone, so that silence stands behind it, and then at once.
    /// What looks like the end of a connection is found to be none by asking the modem.
    @Test(arguments: Dialects.names) func hostileOctetsPassBothWays(dialect: String) async throws {
        try await onThread {
            let peer = try TunnelPeer.start("echo")
            let gateway = try Gateway(
                modem: [
                    "--route", "files.example.test:7=127.0.0.1:\(peer.port)", "--seed", "5", "--fragments", "random",
                    "--chatter", "10", "--partial-writes", "20",
                ], profile: Gateway.profile(speaking: dialect), server: try MailServer.aiosmtpd())
            let tunnel = try TunnelTests.Tunnel(
                gateway,
                [
                    "--connect", "files.example.test:7", "--dialect", dialect, "--transcript",
                    gateway.directory + "/line.transcript",
                ])
            let run = try TunnelPeer.client("hostile", tunnel.port)
            let (status, output) = tunnel.finish()
            let transcript = TemporaryFolder.read(gateway.directory + "/line.transcript") ?? ""
            #expect(run == "ok\n", "\(output)\n\(transcript.suffix(3_000))")
            #expect(status == 143, "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }
}
