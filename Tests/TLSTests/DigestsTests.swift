import Credentials
import TLS
import Testing

@Suite struct DigestsTests {
    private let digests = Digests.openSSL

    @Test func digestsOfAShortText() {
        #expect(
            hex(digests.sha256(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(digests.md5(Array("abc".utf8)).map(hex) == "900150983cd24fb0d6963f7d28e17f72")
    }

    @Test func digestsOfNothing() {
        #expect(hex(digests.sha256([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(digests.md5([]).map(hex) == "d41d8cd98f00b204e9800998ecf8427e")
    }

    /// RFC 4231 §4.3 and RFC 2104, Appendix.
    @Test func keyedDigestsOfTheStandards() {
        let message = Array("what do ya want for nothing?".utf8)
        #expect(
            hex(digests.hmacSHA256(Array("Jefe".utf8), message))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(digests.hmacMD5(Array("Jefe".utf8), message).map(hex) == "750c783e6ab0b503eaa86e310a5db738")
    }

    @Test func anEmptyKeyIsNotTheKeyOfTheCallBefore() {
        _ = digests.hmacSHA256(Array("another key".utf8), [1, 2, 3])
        #expect(hex(digests.hmacSHA256([], [])) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test func aKeyLongerThanABlockIsDigestedFirst() {
        let key = [UInt8](repeating: 0xAA, count: 131)  // RFC 4231 §4.7
        #expect(
            hex(digests.hmacSHA256(key, Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test(arguments: [
        (1, "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"),
        (4096, "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
        (0, "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"),
    ])
    func derivedKeys(iterations: Int, expected: String) {
        let derived = digests.pbkdf2SHA256(Secret("password"), Array("salt".utf8), iterations)
        #expect(hex(derived.reveal()) == expected)
    }

    @Test func randomOctetsDiffer() {
        #expect(digests.randomOctets(32) != digests.randomOctets(32))
        #expect(digests.randomOctets(33).count == 33)
        #expect(digests.randomOctets(0).isEmpty)
        #expect(digests.randomOctets(-1).isEmpty)
    }

    private func hex(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
