public import AT
import Credentials
import NIOCore

extension Quectel {
    /// Payload as it is (`dataformat` 0,0), `+QIRD` with its octets behind the header's line end (`viewmode` 0), no echo of
    /// payload. Some firmware keeps other values from an earlier user, and each of the three would spoil every octet; what
    /// else `+QICFG` sets only changes times. Firmware that lacks one of them has no other value.
    public func settings(found: ContextStatus?) -> [BearerStep] {
        [
            BearerStep(Exchange(CommandText("AT+QICFG=\"dataformat\",0,0")), tolerance: .refusal),
            BearerStep(Exchange(CommandText("AT+QICFG=\"viewmode\",0")), tolerance: .refusal),
            BearerStep(Exchange(CommandText("AT+QISDE=0")), tolerance: .refusal),
        ]
    }

    public func query(_ context: PDPContext, after answers: [Exchange.Answer]) -> Exchange? {
        guard answers.isEmpty else { return nil }
        return Exchange(CommandText("AT+QIACT?"), responsePrefixes: ["+QIACT:"], timeout: .seconds(15))
    }

    /// `+QIACT: ctx,state,type,"address"[,"address"]`, one line per active context.
    public func status(in answers: [Exchange.Answer], of context: PDPContext) -> ContextStatus {
        for line in answers.flatMap(\.lines) {
            guard let fields = LineFields(line.text, prefix: "+QIACT:") else { continue }
            guard fields.number(0) == context.cid, fields.number(1) == 1 else { continue }
            return .active(address: fields[3].isEmpty ? nil : fields[3])
        }
        return .inactive
    }

    /// `+QICSGP` where there is an access point or an account to set (the user's and the modem's own stand otherwise), then
    /// `+QIACT`, which may take 150 s.
    public func activation(of context: PDPContext) throws(ATError) -> [BearerStep] {
        var steps: [BearerStep] = []
        if context.apn != nil || context.account != nil {
            steps.append(BearerStep(Exchange(try definition(of: context), timeout: .seconds(5))))
        }
        let activate = CommandText("AT+QIACT=").number(context.cid)
        steps.append(BearerStep(Exchange(activate, timeout: .seconds(150))))
        return steps
    }

    /// `+QIDEACT` resets every connection of the context; up to 40 s. `ERROR`: it is not active.
    public func deactivation(of context: PDPContext) -> [BearerStep] {
        let deactivate = CommandText("AT+QIDEACT=").number(context.cid)
        return [BearerStep(Exchange(deactivate, timeout: .seconds(40)), tolerance: .refusal)]
    }

    static let lastError = Exchange(CommandText("AT+QIGETERROR"), responsePrefixes: ["+QIGETERROR:"])

    /// `+QICSGP=ctx,type,"apn","user","password",authentication`; type 1 IPv4, 2 IPv6, 3 both; 0 none, 1 PAP, 2 CHAP.
    private func definition(of context: PDPContext) throws(ATError) -> CommandText {
        let type =
            switch context.type {
            case .ipv4: 1
            case .ipv6: 2
            case .ipv4v6: 3
            }
        let command = try CommandText("AT+QICSGP=").number(context.cid).literal(",").number(type).literal(",")
            .quoted(context.apn ?? "", name: "apn")
        guard let account = context.account else { return command.literal(",\"\",\"\",0") }
        let authentication =
            switch account.authentication {
            case .pap: 1
            case .chap, .papOrCHAP: 2
            }
        return try command.literal(",").quoted(account.user, name: "apn-user").literal(",")
            .quoted(secret: account.password, name: "apn-password-file").literal(",").number(authentication)
    }
}
