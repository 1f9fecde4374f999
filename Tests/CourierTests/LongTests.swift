import Glibc
import Modem
import Support
import Testing

/// What takes longer: `scripts/test --long`.
@Suite(.timeLimit(.minutes(15)), .enabled(if: unsafe getenv("TEST_LONG") != nil)) struct LongTests {
    @Test(arguments: Dialects.names)
    func aMailOf25MegabytesArrivesWhole(dialect: String) async throws {
        try await onThread {
            let server = try MailServer.postfix()
            let gateway = try Gateway(
                modem: ["--latency", "0ms"], profile: Gateway.profile(speaking: dialect), server: server)
            var generator = SeededGenerator(seed: 25)
            var content: [UInt8] = []
            content.reserveCapacity(18_500_000)
            while content.count < 18_500_000 { content.append(UInt8(truncatingIfNeeded: generator.next())) }
            try TemporaryFolder.write(content, to: gateway.directory + "/large.bin")
            let run = try gateway.send([
                "--dialect", dialect, "--subject", "large", "--body", "large", "--attach",
                gateway.directory + "/large.bin",
            ])
            #expect(run.status == 0, "\(run.output)")
            let stored = try server.messages(1)
            try TemporaryFolder.write(stored.first ?? [], to: gateway.directory + "/stored")
            let script = """
                import email, sys
                wanted = open(sys.argv[1], 'rb').read()
                message = email.message_from_binary_file(open(sys.argv[2], 'rb'))
                parts = [p.get_payload(decode=True) for p in message.walk() if p.get_filename()]
                assert parts == [wanted], 'attachment differs'
                print('attachment whole')
                """
            let output = try TestProcess.run([
                "/usr/bin/python3", "-c", script, gateway.directory + "/large.bin", gateway.directory + "/stored",
            ])
            #expect(output.contains("attachment whole"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test(arguments: DialectMatrix.families) func hundredInvocationsNeedNoReset(dialect: String) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(
                modem: ["--seed", "17", "--fragments", "octets", "--chatter", "20", "--partial-writes", "20"],
                profile: Gateway.profile(speaking: dialect), server: server)
            for number in 1...100 {
                let run = try gateway.send(["--subject", "mail \(number)", "--body", "body"])
                #expect(run.status == 0, "mail \(number): \(run.output)")
            }
            #expect(try server.messages(100).count == 100)
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }
}
