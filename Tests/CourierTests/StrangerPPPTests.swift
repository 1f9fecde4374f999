import Glibc
import Support
import Testing

/// A mail through a PPP server that is not ours: slirp, which carries TCP to this machine's loopback as 10.0.2.2.
@Suite(.timeLimit(.minutes(5))) struct StrangerPPPTests {
    // The string is borrowed for the call alone.
    static let isHere = unsafe access("/usr/bin/slirp-fullbolt", X_OK) == 0

    @Test(.enabled(if: isHere, "the package slirp is not there"), arguments: [1_000, 1_000_000])
    func aMailGoesThroughAStrangersPPPServer(octets: Int) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            let modem = try TestProcess.start([
                "/usr/bin/python3", Gateway.root + "/Tests/Programs/slirp-modem.py", folder + "/modem",
            ])
            defer { modem.stop() }
            _ = try #require(modem.readUntil("ready "))
            let gateway = try Gateway(modem: nil, server: server)
            try TemporaryFolder.write(
                [UInt8]((0..<octets).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }), to: folder + "/file")
            // Who knows the address asks no name server: slirp would pass the question on to this machine's.
            let addresses = gateway.directory + "/state/addresses"
            for path in [gateway.directory + "/state", addresses] { try #require(unsafe mkdir(path, 0o700) == 0) }
            try TemporaryFolder.write("10.0.2.2 \(time(nil))\n", to: addresses + "/mail_example_test")
            let run = try gateway.run([
                "send", "--device", folder + "/modem", "--apn", "internet", "--via", "ppp", "--server",
                "smtps://gateway%40example.net@\(Gateway.host):\(server.port)", "--password-file",
                gateway.directory + "/password", "--ca-file", server.anchors, "--state-dir",
                gateway.directory + "/state",
                "--from", Gateway.user, "--to", "ops@example.net", "--subject", "s", "--body", "b", "--attach",
                folder + "/file", "--timeline",
            ])
            #expect(run.status == 0, "\(run.output)")
            for words in [
                " lcp ", " ipcp ", "via ppp", "link 10.0.2.15", "close data mode left: done", "close hang up: done",
                "close namespace: done", "close command mode proven: done",
            ] {
                #expect(run.output.contains(words), "\(words): \(run.output)")
            }
            #expect(try server.messages(1).count == 1)
        }
    }
}
