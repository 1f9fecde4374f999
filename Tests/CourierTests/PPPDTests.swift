import Glibc
import Support
import Testing

/// Debian's pppd as a stranger to both ends of our PPP, in a guest whose kernel has PPP (`scripts/pppd-guest`).
@Suite(.timeLimit(.minutes(10))) struct PPPDTests {
    private static let guest = Gateway.root + "/scripts/pppd-guest"

    /// A web server of ours with one file of 200,000 octets, and its SHA-256.
    private final class Files: Sendable {
        let folder: String
        let port: Int
        let sum: String
        private let process: TestProcess

        init() throws {
            folder = try TemporaryFolder.make()
            try TemporaryFolder.write(
                (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 256) }, to: folder + "/file")
            sum = String(try TestProcess.run(["sha256sum", folder + "/file"]).prefix(64))
            process = try TestProcess.start([
                "/usr/bin/python3", "-u", "-c",
                "import http.server,functools;h=functools.partial(http.server.SimpleHTTPRequestHandler,directory='\(folder)');"
                    + "s=http.server.ThreadingHTTPServer(('127.0.0.1',0),h);print('port',s.server_port,'.');s.serve_forever()",
            ])
            let line = process.readUntil(".") ?? ""
            guard let port = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
                throw TestProcess.Failure.ended(program: "http.server", status: 0, output: line)
            }
            self.port = port
        }

        deinit {
            process.stop()
            TemporaryFolder.remove(folder)
        }
    }

    /// pppd dials the fake modem, is given addresses and name servers, and fetches a file by name, over IPv4 and IPv6.
    @Test func pppdDialsTheFakeModemAndFetchesAFile() async throws {
        try await onThread {
            let files = try Files()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            let modem = try TestProcess.start([
                Gateway.programs + "/fake-modem", "--link", folder + "/modem", "--apn", "internet", "--ledger",
                folder + "/ledger", "--route", "www.example.test:80=127.0.0.1:\(files.port)",
            ])
            defer { modem.stop() }
            _ = try #require(modem.readUntil("ready "))
            try TemporaryFolder.write(
                #"""
                stty -F /dev/ttyS1 115200 raw
                pppd /dev/ttyS1 115200 nodetach noauth usepeerdns defaultroute debug connect \
                    'chat TIMEOUT 20 "" AT OK AT+CGDCONT=2,\"IPV4V6\",\"internet\" OK ATD*99***2# CONNECT' >/log 2>&1 &
                for i in $(seq 120); do ip addr show ppp0 2>/dev/null | grep -q 'inet6 fd' && break; sleep 0.5; done
                for i in $(seq 40); do ip addr show ppp0 | grep -q peer && break; sleep 0.5; done
                ip addr show ppp0
                cp /etc/ppp/resolv.conf /etc/resolv.conf
                cat /etc/resolv.conf
                wget -q -O /file http://www.example.test/file && sha256sum /file
                nslookup other.example.test
                kill $(pidof pppd)
                for i in $(seq 40); do pidof pppd >/dev/null || break; sleep 0.5; done
                cat /log
                """#, to: folder + "/job")
            let output = try TestProcess.run([
                Self.guest, "run", try Self.device(of: folder + "/modem"), folder + "/job",
            ])
            for words in [
                files.sum, "inet 10.64.2.2 peer 10.64.255.1", "inet6 fd64::2:", "nameserver 10.64.0.53", "NXDOMAIN",
                "rcvd [LCP TermAck", "rcvd [IPCP ConfReq id=0x1 <addr 10.64.255.1> <compress VJ 0f 01>",
            ] {
                #expect(output.contains(words), "\(words): \(output)")
            }
            modem.signal(SIGTERM)
            _ = modem.readToEnd()
            #expect(modem.wait() == 0, "\(TemporaryFolder.read(folder + "/ledger") ?? "")")
        }
    }

    /// Our client proves itself to a pppd by CHAP and by PAP, and carries a tunnel to the guest's web server.
    @Test func ourClientIsLetInByPPPDAndCarriesAFile() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(TestSecrets.password, to: folder + "/password")
            try TemporaryFolder.write(
                #"""
                stty -F /dev/ttyS1 115200 raw
                mkdir /www && head -c 200000 /dev/urandom >/www/file && sha256sum /www/file
                httpd -p 80 -h /www
                echo 'gateway * "\#(TestSecrets.password)" *' >/etc/ppp/chap-secrets
                cp /etc/ppp/chap-secrets /etc/ppp/pap-secrets
                chmod 600 /etc/ppp/*-secrets
                echo guest is ready
                for method in require-chap require-pap; do
                    pppd /dev/ttyS1 115200 nodetach $method local passive debug ms-dns 10.99.0.1 10.99.0.1:10.99.0.2 2>&1 |
                        grep -E 'authentication|auth |rcvd .CHAP|rcvd .PAP|TermReq' | sed 's/password=.*/password>/'
                    echo pppd ended
                done
                """#, to: folder + "/job")
            let port = try TestProcess.run([Gateway.root + "/scripts/free-ports", "1"]).split(separator: "\n")[0]
            let guest = try TestProcess.start([Self.guest, "run", "tcp:\(port)", folder + "/job"])
            defer { guest.stop() }
            let greeting = try #require(guest.readUntil("guest is ready\n"))
            let sum = String(greeting.prefix(64))
            let modem = try TestProcess.start([
                Gateway.programs + "/fake-modem", "--link", folder + "/modem", "--apn", "internet", "--ledger",
                folder + "/ledger", "--ppp-server", "127.0.0.1:\(port)",
            ])
            defer { modem.stop() }
            _ = try #require(modem.readUntil("ready "))
            for method in ["CHAP", "PAP"] {
                let tunnel = try TestProcess.start([
                    Gateway.programs + "/modemail", "tunnel", "--via", "ppp", "--device", folder + "/modem", "--apn",
                    "internet", "--apn-user", "gateway", "--apn-password-file", folder + "/password", "--state-dir",
                    folder + "/state", "--listen", "127.0.0.1:0", "--connect", "10.99.0.1:80",
                ])
                defer { tunnel.stop() }
                let (greeting, address) = try Self.listening(tunnel)
                let fetched = try TestProcess.run(["sh", "-c", "curl -s -m 60 http://\(address)/file | sha256sum"])
                #expect(fetched.hasPrefix(sum), "\(method)")
                tunnel.signal(SIGTERM)
                let output = tunnel.readToEnd()
                #expect(tunnel.wait() == 143, "\(output)")
                #expect((greeting + output).contains("link 10.99.0.2"), "\(greeting)\(output)")
                #expect((greeting + output).contains("VJ header compression"), "\(greeting)\(output)")
                let log = try #require(guest.readUntil("pppd ended\n"))
                #expect(log.contains("rcvd [\(method)") && log.contains("rcvd [LCP TermReq"), "\(log)")
            }
            modem.signal(SIGTERM)
            _ = modem.readToEnd()
            #expect(modem.wait() == 0, "\(TemporaryFolder.read(folder + "/ledger") ?? "")")
        }
    }

    /// What the tunnel said until it listens, and where that is.
    private static func listening(_ tunnel: TestProcess) throws -> (words: String, address: String) {
        var words = ""
        while true {
            words += try #require(tunnel.readUntil("\n"), "\(words)")
            for line in words.split(separator: "\n") where words.hasSuffix("\n") && line.hasPrefix("listening ") {
                return (words, String(line.dropFirst("listening ".count)))
            }
        }
    }

    private static func device(of link: String) throws -> String {
        try TestProcess.run(["readlink", "-f", link]).filter { !$0.isWhitespace }
    }
}
