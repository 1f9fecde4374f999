/// Every setting by its name, which is the same on the command line (`--name`), in the file (`name:`) and, in capitals with
/// `MODEMAIL_` before it, in the environment.
public enum Option: String, Sendable, Hashable, CaseIterable {
    // The modem and its line.
    case device
    case baud
    case flow
    case apn
    case apnUser = "apn-user"
    case apnPasswordFile = "apn-password-file"
    case simPINFile = "sim-pin-file"
    case pinGuard = "pin-guard"
    case roaming
    case via
    case dialect
    case wait
    case modems
    // The server.
    case server
    case passwordFile = "password-file"
    case caFile = "ca-file"
    case auth
    case tokenFile = "token-file"
    case clientCertificate = "client-certificate"
    case clientKey = "client-key"
    case pinSHA256 = "pin-sha256"
    case ehlo
    case notify
    case notifyReturn = "notify-return"
    case notifyID = "notify-id"
    case linkProfile = "link-profile"
    case tlsKeyLog = "tls-key-log"
    // The message.
    case from
    case to
    case cc
    case bcc
    case subject
    case body
    case bodyFile = "body-file"
    case htmlFile = "html-file"
    case attach
    case header
    case message
    // How it runs and what it shows.
    case stateDir = "state-dir"
    case timeouts
    case commandTimeouts = "command-timeouts"
    case timeline
    case json
    case transcript
    case direct
    // The relay.
    case listen
    case spoolDir = "spool-dir"
    case controlSocket = "control-socket"
    case aliases
    case rewriteFrom = "rewrite-from"
    case linger
    case retry
    case expireAfter = "expire-after"
    case budget
    case quietHours = "quiet-hours"
    case digest
    case allow
    case sms
    case onFailure = "on-failure"
    case http

    /// The name of its environment variable: `MODEMAIL_PASSWORD_FILE`.
    public var environmentName: String {
        "MODEMAIL_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }
}
