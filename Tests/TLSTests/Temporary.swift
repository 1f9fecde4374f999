import Glibc
import Support

/// A new file with that text, in the directory of the certificates, which is removed at the end of the process.
func temporaryFile(_ text: String) throws -> String {
    let path = try temporaryPath()
    _ = try TestProcess.run(["tee", path], input: text)
    return path
}

/// A path where nothing is.
func temporaryPath() throws -> String {
    let name = (0..<4).map { _ in String(UInt32.random(in: 0...UInt32.max), radix: 16) }.joined()
    return "\(try TestCertificates.shared().directory)/temporary-\(name)"
}
