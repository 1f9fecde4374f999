public import AT
import Credentials
import NIOCore

/// The bearer in three layers: the stack (`+WIPCFG`), the GPRS device (`+WIPBR=1,6`) and its session (`+WIPBR=4,6,0`). Any
/// of them may be up before us, by another program on another port of the modem; it then stays up.
extension WIPsoft {
    /// Nothing has to be set beforehand.
    public func settings(found: ContextStatus?) -> [BearerStep] { [] }

    /// Without a started stack the answer is an error, which means as much as no address.
    public func query(_ context: PDPContext, after answers: [Exchange.Answer]) -> Exchange? {
        guard answers.isEmpty else { return nil }
        return Exchange(CommandText("AT+WIPBR=3,6,15"), responsePrefixes: ["+WIPBR:"], timeout: .seconds(15))
    }

    /// `+WIPBR: 6,15,"address"`
    public func status(in answers: [Exchange.Answer], of context: PDPContext) -> ContextStatus {
        for line in answers.flatMap(\.lines) {
            guard let fields = LineFields(line.text, prefix: "+WIPBR:") else { continue }
            guard fields.number(0) == 6, fields.number(1) == 15 else { continue }
            guard !fields[2].isEmpty, fields[2] != "0.0.0.0" else { continue }
            return .active(address: fields[2])
        }
        return .inactive
    }

    /// `OK` of the last step comes when the session stands. Options: 11 access point, 0 login, 1 password.
    ///
    /// The manuals demand that the modem has said `+WIND: 4`, which may come later than the registration. They give no number
    /// for a stack that is started before; 803, "not allowed in the current state", is taken for it.
    public func activation(of context: PDPContext) throws(ATError) -> [BearerStep] {
        var steps = [
            BearerStep(
                Exchange(CommandText("AT+WIPCFG=1"), timeout: .seconds(15)),
                tolerance: .already(844, .answer(Self.stackOptions, line: nil)),
                layer: Self.stack, patience: .init(number: 803, limit: .seconds(30))),
            BearerStep(
                Exchange(CommandText("AT+WIPBR=1,6"), timeout: .seconds(15)),
                tolerance: .already(804, .answer(Self.bearers, line: .numbered(prefix: "+WIPBR:", first: 6))),
                layer: Self.device),
        ]
        if let apn = context.apn {
            steps.append(BearerStep(Exchange(try CommandText("AT+WIPBR=2,6,11,").quoted(apn, name: "apn"))))
        }
        if let account = context.account {
            steps += [
                BearerStep(Exchange(try CommandText("AT+WIPBR=2,6,0,").quoted(account.user, name: "apn-user"))),
                BearerStep(
                    Exchange(
                        try CommandText("AT+WIPBR=2,6,1,").quoted(secret: account.password, name: "apn-password-file"))),
            ]
        }
        steps.append(
            BearerStep(
                Exchange(CommandText("AT+WIPBR=4,6,0"), timeout: .seconds(150)), tolerance: .already(803, .address),
                layer: Self.session))
        return steps
    }

    /// The order is the manual's: each layer refuses to go while the one above it stands.
    public func deactivation(of context: PDPContext) -> [BearerStep] {
        [
            BearerStep(
                Exchange(CommandText("AT+WIPBR=5,6"), timeout: .seconds(40)), tolerance: .refusal, layer: Self.session),
            BearerStep(Exchange(CommandText("AT+WIPBR=0,6"), timeout: .seconds(15)), layer: Self.device),
            BearerStep(Exchange(CommandText("AT+WIPCFG=0"), timeout: .seconds(15)), layer: Self.stack),
        ]
    }

    private static let session = "bearer stop"
    private static let device = "bearer close"
    private static let stack = "stack stop"

    /// Refused while the stack is not started.
    private static let stackOptions = Exchange(CommandText("AT+WIPCFG?"), responsePrefixes: ["+WIPCFG:"])
    /// One line for each bearer that is open.
    private static let bearers = Exchange(CommandText("AT+WIPBR?"), responsePrefixes: ["+WIPBR:"])
}
