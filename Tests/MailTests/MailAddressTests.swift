import Mail
import Scopes
import Support
import Testing

@Suite struct MailAddressTests {
    @Test(arguments: [
        "a@example.com", "first.last+tag@sub.example.com", "-f@example.com", "root@localhost",
        "o'brien@xn--bcher-kva.example",
        "\"two words\"@example.com", "\"a\\\"b\\\\c\"@example.com", "\"\"@example.com", "u@[192.0.2.1]",
        "u@[IPv6:2001:db8::1]", "u@[IPv6:::ffff:192.0.2.1]", "grüße@example.com", "!#$%&'*+-/=?^_`{|}~@example.com",
    ])
    func emitsWhatItParsed(_ text: String) throws {
        #expect(try MailAddress(parsing: text).wire == text)
    }

    @Test func quotesAreDroppedWhereTheyAreNotNeeded() throws {
        let address = try MailAddress(parsing: "\"plain\"@example.com")
        #expect(address.wire == "plain@example.com")
        #expect(address == (try MailAddress(parsing: "plain@example.com")))
    }

    @Test(arguments: [
        "", "@", "a", "a@", "@example.com", "a@b@c", "a b@example.com", "a@exa mple.com", "a@-x.com", "a@x-.com",
        "a@x..com",
        "a@.com", "a@com.", "a@exa_mple.com", "a@[1.2.3]", "a@[1.2.3.256]", "a@[IPv6:1]", "a@[IPv6:1::2::3]",
        "a@[IPv6:1:2:3:4:5:6:7:8:9]", "a@[1.2.3.4", "\"a@example.com", "a@example.com\r\nRCPT TO:<x@y>",
        "a\0@example.com",
        "a@example.com\0", "a\r@example.com", "a@example.com,b@example.com", "a@example.com ", "<a@example.com>",
        "a@bücher.example",
        "\"a\nb\"@example.com", "a\u{85}b@example.com", "a@b>c", "(x)a@b", "a@[\u{0}]", "@a,@b:c@d",
        "\u{2028}a@example.com",
    ])
    func refuses(_ text: String) {
        #expect(throws: MailError.self) { try MailAddress(parsing: text) }
    }

    @Test func limitsHoldAtTheirLastOctet() throws {
        let local = String(repeating: "l", count: 64)
        _ = try MailAddress(parsing: "\(local)@example.com")
        #expect(throws: MailError.self) { try MailAddress(parsing: "l\(local)@example.com") }
        let label = String(repeating: "d", count: 63)
        _ = try MailAddress(parsing: "a@\(label).com")
        #expect(throws: MailError.self) { try MailAddress(parsing: "a@d\(label).com") }
        // 1 + 1 + 252 = 254 octets.
        let domain = "\(label).\(label).\(label).\(String(repeating: "e", count: 60))"
        _ = try MailAddress(parsing: "a@\(domain)")
        #expect(throws: MailError.self) { try MailAddress(parsing: "ab@\(domain)") }
    }

    @Test func theLimitCountsQuotesAndOctetsNotCharacters() {
        let quoted = String(repeating: " ", count: 63)
        #expect(throws: MailError.self) { try MailAddress(parsing: "\"\(quoted)\"@example.com") }
        let umlauts = String(repeating: "ü", count: 33)
        #expect(throws: MailError.self) { try MailAddress(parsing: "\(umlauts)@example.com") }
    }

    @Test func onlyALocalPartOutsideASCIINeedsSMTPUTF8() throws {
        #expect(try MailAddress(parsing: "grüße@example.com").needsSMTPUTF8)
        #expect(try !Mailbox(parsing: "Grüße <a@example.com>").address.needsSMTPUTF8)
    }

    @Test func aDomainInAnotherScriptIsRefusedWithAdvice() {
        let error = #expect(throws: MailError.self) { try MailAddress(parsing: "a@bücher.example") }
        #expect(error?.summary.contains("xn--") == true)
    }

    @Test func anErrorIsOneLineWhateverTheAddressHolds() {
        let error = #expect(throws: MailError.self) { try MailAddress(parsing: "a\r\nb\u{1B}[2J@example.com") }
        #expect(error?.line.unicodeScalars.contains { $0.value < 0x20 } == false)
    }

    @Test func randomTextNeverTrapsAndWhatIsTakenComesBack() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("ab.@\"\\<>()[],:; \t-_ü1\r\0".unicodeScalars)
        for _ in 0..<5000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
            let string = String(text)
            if let address = try? MailAddress(parsing: string) {
                #expect(try MailAddress(parsing: address.wire) == address, "seed \(seed): \(string)")
            }
            if let list = try? Mailbox.list(parsing: string) {
                #expect(!list.isEmpty, "seed \(seed): \(string)")
            }
        }
    }
}
