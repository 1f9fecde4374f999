import ArgumentParser
import Settings

/// How a TLS server is trusted, and what is offered to it.
struct TrustOptions: ParsableArguments {
    @ArgumentParser.Option(
        name: .customLong("ca-file"),
        help: ArgumentHelp(
            "Certificates to trust in place of the system's; an intermediate will do.", valueName: "file"))
    var caFile: String?
    @ArgumentParser.Option(
        name: .customLong("pin-sha256"),
        help: ArgumentHelp(
            "Base64 of the SHA-256 of a key that the server must have, its own or its issuer's; give a backup pin too.",
            valueName: "pin"))
    var pinSHA256: [String] = []
    @ArgumentParser.Option(
        name: .customLong("client-certificate"),
        help: ArgumentHelp("Certificate that proves this client, as PEM.", valueName: "file"))
    var clientCertificate: String?
    @ArgumentParser.Option(
        name: .customLong("client-key"),
        help: ArgumentHelp("Its private key, readable by its owner.", valueName: "file"))
    var clientKey: String?
    @ArgumentParser.Option(
        name: .customLong("link-profile"),
        help: ArgumentHelp(
            "What TLS offers: metered, the fewest octets; or standard (metered).", valueName: "profile"))
    var linkProfile: String?
    @ArgumentParser.Option(
        name: .customLong("tls-key-log"),
        help: ArgumentHelp("File to which the TLS keys are appended, for a packet analyser.", valueName: "file"))
    var tlsKeyLog: String?

    func fill(_ flags: inout Flags) {
        flags.set(.caFile, caFile)
        flags.set(.pinSHA256, pinSHA256)
        flags.set(.clientCertificate, clientCertificate)
        flags.set(.clientKey, clientKey)
        flags.set(.linkProfile, linkProfile)
        flags.set(.tlsKeyLog, tlsKeyLog)
    }
}
