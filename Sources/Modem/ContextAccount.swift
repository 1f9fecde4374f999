import AT
import Credentials
import NIOCore

/// The command that sets or clears a context's account, in the profile's form.
struct ContextAccount: ATCommand {
    typealias Response = Void
    let text: CommandText
    let timeout: TimeAmount = .seconds(10)

    /// Nil: contexts of this form have no account.
    /// - Parameter account: nil clears it.
    init?(_ context: PDPContext, account: PDPAccount?, form: ModemProfile.AccountForm) throws(ATError) {
        switch (form, account) {
        case (.dialect, _), (.link, _): return nil
        case (.standard, nil): text = ContextAuthentication(clearing: context.cid).text
        case (.standard, let account?):
            text = try ContextAuthentication(
                cid: context.cid, method: account.authentication == .pap ? .pap : .chap, user: account.user,
                password: account.password
            ).text
        case (.quectel, _):
            text = try QuectelContextConfiguration(
                cid: context.cid, protocols: Self.protocols(context.type), apn: context.apn ?? "",
                user: account?.user ?? "", password: account?.password ?? Secret(""), method: Self.method(account)
            ).text
        }
    }

    private static func protocols(_ type: PDPType) -> QuectelContextConfiguration.Protocols {
        switch type {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        case .ipv4v6: .ipv4v6
        }
    }

    /// Not every firmware of Quectel's knows 3, "either"; CHAP is the one that keeps the password from the air.
    private static func method(_ account: PDPAccount?) -> QuectelContextConfiguration.Method {
        switch account?.authentication {
        case nil: .none
        case .pap: .pap
        case .chap, .papOrCHAP: .chap
        }
    }
}

/// The command that puts a context back as it was found.
struct ContextRestoration: ATCommand {
    typealias Response = Void
    let text: CommandText
    let timeout: TimeAmount = .seconds(10)

    init(_ context: PDPContext) throws(ATError) {
        switch context.restoration {
        case .nothing, .undefine: text = ContextUndefinition(cid: context.cid).text
        case .redefine(let type, let apn):
            text = try ContextDefinitionCommand(cid: context.cid, type: type, apn: apn).text
        }
    }
}
