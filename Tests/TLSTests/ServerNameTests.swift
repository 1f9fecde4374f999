import Scopes
import TLS
import Testing

@Suite struct ServerNameTests {
    @Test(arguments: [
        ("mail.example.com", ServerName.Kind.dns, "mail.example.com"),
        ("MAIL.Example.COM.", .dns, "mail.example.com"),
        ("localhost", .dns, "localhost"),
        ("under_score.example", .dns, "under_score.example"),
        ("xn--bcher-kva.example", .dns, "xn--bcher-kva.example"),
        ("192.0.2.1", .address, "192.0.2.1"),
        ("2001:db8::1", .address, "2001:db8::1"),
        ("[2001:DB8::1]", .address, "2001:db8::1"),
    ])
    func namesAndAddresses(text: String, kind: ServerName.Kind, expected: String) throws {
        let name = try ServerName(text)
        #expect(name.kind == kind)
        #expect(name.text == expected)
    }

    @Test(arguments: [
        "", ".", "a..b", ".a", "a b", "a\u{0}b", "a\r\nb", "bücher.example", "host:465", "[]", "a/b", "*.example.com",
        String(repeating: "a", count: 64) + ".example", Array(repeating: "abcdefg", count: 32).joined(separator: "."),
    ])
    func whatNoCertificateCanHoldIsRefused(text: String) {
        #expect { try ServerName(text) } throws: { error in
            guard let error = error as? TLSError, case .configuration = error else { return false }
            return error.exitStatus == .configuration && !error.line.contains("\r") && !error.line.contains("\u{0}")
        }
    }

    @Test func theLongestLabelAndNameAreTaken() throws {
        _ = try ServerName(String(repeating: "a", count: 63) + ".example")
        let longest = Array(repeating: "abcdefg", count: 31).joined(separator: ".") + ".abcde"
        #expect(longest.utf8.count == 253)
        _ = try ServerName(longest)
        #expect(throws: TLSError.self) { try ServerName(longest + "f") }
    }
}
