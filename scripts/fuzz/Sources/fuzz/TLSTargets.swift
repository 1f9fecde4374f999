import Credentials
import TLS

/// Pins and server names: a pin that is taken is the only text of its digest; a name that is taken is taken again as it came out.
func fuzzTLSName(_ octets: [UInt8]) {
    let text = String(decoding: octets, as: UTF8.self)
    if let pin = PublicKeyPin(base64: text) {
        require(pin.description == text && PublicKeyPin(digest: pin.digest) == pin, "a pin does not come back")
    }
    do throws(TLSError) {
        let name = try ServerName(text)
        require((try? ServerName(name.text)) == name, "a server's name does not come back")
    } catch {
        require(!error.line.unicodeScalars.contains { $0.value < 0x20 }, "an error of more than one line")
    }
}

/// A stored session as it is, and with the digest that makes it whole, which no mutation would find.
func fuzzTLSSession(_ octets: [UInt8]) {
    for file in [octets, octets + Digests.openSSL.sha256(octets)] {
        guard let session = SessionFile.decode(file) else { continue }
        require(SessionFile.encode(session) == file, "a session does not come back")
        _ = session.isGood(at: session.storedAt)
    }
}
