public import Credentials
public import NIOCore

/// One defined PDP context, as the modem lists it.
public struct ContextDefinition: Sendable, Equatable {
    public var cid: Int
    /// `IP`, `IPV6`, `IPV4V6`, `PPP`, `Non-IP`; as sent.
    public var type: String
    /// Nil: none is named, the subscription's counts.
    public var apn: String?

    public init(cid: Int, type: String, apn: String? = nil) {
        self.cid = cid
        self.type = type
        self.apn = apn
    }
}

/// `+CGDCONT?`: the defined contexts (3GPP TS 27.007 §10.1.1), at most 32.
public struct ContextDefinitionsQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CGDCONT?") }
    public var responsePrefixes: [String] { ["+CGDCONT:"] }
    public init() {}

    /// Lines without a cid of 0 to 255 are left out; no line means no context.
    public func response(from lines: [String]) throws(ATError) -> [ContextDefinition] {
        fields(lines, prefix: "+CGDCONT:").prefix(32).compactMap { answer in
            guard let cid = answer.number(0), (0...255).contains(cid) else { return nil }
            return ContextDefinition(
                cid: cid, type: String((answer.text(1) ?? "IP").prefix(16)),
                apn: answer.text(2).map { String($0.prefix(100)) })
        }
    }
}

/// `+CGDCONT=cid,"type"[,"apn"]`: defines a context.
public struct ContextDefinitionCommand: ATCommand {
    public typealias Response = Void
    public let text: CommandText
    public var timeout: TimeAmount { .seconds(10) }

    public init(cid: Int, type: String, apn: String?) throws(ATError) {
        let head = try CommandText("AT+CGDCONT=").number(cid).literal(",").quoted(type, name: "the PDP type")
        guard let apn else {
            text = head
            return
        }
        text = try head.literal(",").quoted(apn, name: "the APN")
    }
}

/// `+CGDCONT=cid`: undefines it.
public struct ContextUndefinition: ATCommand {
    public typealias Response = Void
    public let cid: Int
    public var text: CommandText { CommandText("AT+CGDCONT=").number(cid) }
    public var timeout: TimeAmount { .seconds(10) }
    public init(cid: Int) { self.cid = cid }
}

/// `+CGAUTH=cid,type[,"user","password"]`: the account of a context (3GPP TS 27.007 §10.1.31).
public struct ContextAuthentication: ATCommand {
    public typealias Response = Void

    public enum Method: Int, Sendable, Equatable, CaseIterable {
        case pap = 1
        case chap = 2
    }

    public let text: CommandText

    public init(cid: Int, method: Method, user: String, password: Secret) throws(ATError) {
        text = try CommandText("AT+CGAUTH=").number(cid).literal(",").number(method.rawValue).literal(",")
            .quoted(user, name: "apn-user").literal(",").quoted(secret: password, name: "apn-password-file")
    }

    /// No account.
    public init(clearing cid: Int) {
        text = CommandText("AT+CGAUTH=").number(cid).literal(",0")
    }
}

/// `+QICSGP=cid,type,"apn","user","password",method`: APN and account of a context of Quectel's (TCP/IP Application Note).
public struct QuectelContextConfiguration: ATCommand {
    public typealias Response = Void

    public enum Protocols: Int, Sendable, Equatable, CaseIterable {
        case ipv4 = 1
        case ipv6 = 2
        case ipv4v6 = 3
    }

    public enum Method: Int, Sendable, Equatable, CaseIterable {
        case none = 0
        case pap = 1
        case chap = 2
        case papOrCHAP = 3
    }

    public let text: CommandText

    public init(
        cid: Int, protocols: Protocols, apn: String, user: String = "", password: Secret = Secret(""),
        method: Method = .none
    ) throws(ATError) {
        text = try CommandText("AT+QICSGP=").number(cid).literal(",").number(protocols.rawValue).literal(",")
            .quoted(apn, name: "the APN").literal(",").quoted(user, name: "apn-user").literal(",")
            .quoted(secret: password, name: "apn-password-file").literal(",").number(method.rawValue)
    }
}

/// `+CGACT?`: which contexts are active (3GPP TS 27.007 §10.1.10).
public struct ContextStatesQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CGACT?") }
    public var responsePrefixes: [String] { ["+CGACT:"] }
    public init() {}

    /// The cids of the active ones.
    public func response(from lines: [String]) throws(ATError) -> Set<Int> {
        Set(fields(lines, prefix: "+CGACT:").filter { $0.number(1) == 1 }.compactMap { $0.number(0) })
    }
}

/// `+CGPADDR=cid`: the addresses of a context (3GPP TS 27.007 §10.1.14).
public struct ContextAddressQuery: ATCommand {
    public let cid: Int
    public var text: CommandText { CommandText("AT+CGPADDR=").number(cid) }
    public var responsePrefixes: [String] { ["+CGPADDR:"] }
    public init(cid: Int) { self.cid = cid }

    /// None for a context that has no address.
    public func response(from lines: [String]) throws(ATError) -> [String] {
        for answer in fields(lines, prefix: "+CGPADDR:") where answer.number(0) == cid {
            return (1..<max(1, min(answer.count, 4))).compactMap { answer.text($0) }.compactMap(PacketAddress.normal)
        }
        return []
    }
}

/// `+CGCONTRDP=cid`: what the network gave an active context (3GPP TS 27.007 §10.1.23).
public struct ContextDetailsQuery: ATCommand {
    public let cid: Int
    public var text: CommandText { CommandText("AT+CGCONTRDP=").number(cid) }
    public var responsePrefixes: [String] { ["+CGCONTRDP:"] }
    public init(cid: Int) { self.cid = cid }

    /// Nil for a context that is not active. A context of both families has a line for each.
    public func response(from lines: [String]) throws(ATError) -> ContextDetails? {
        let answers = fields(lines, prefix: "+CGCONTRDP:").filter { $0.number(0) == cid }
        guard let first = answers.first else { return nil }
        let servers = answers.prefix(4).flatMap { answer in [5, 6].compactMap { answer.text($0) } }
        return ContextDetails(
            apn: first.text(2).map { String($0.prefix(100)) },
            addresses: answers.prefix(4).compactMap { $0.text(3) }.compactMap(PacketAddress.withoutMask),
            nameServers: servers.compactMap(PacketAddress.normal),
            mtu: answers.prefix(4).compactMap { $0.number(11) }.first { (68...65_535).contains($0) })
    }
}

public struct ContextDetails: Sendable, Equatable {
    /// As the network completed it: `internet.mnc001.mcc262.gprs`.
    public var apn: String?
    public var addresses: [String]
    public var nameServers: [String]
    /// Octets of the largest IPv4 packet; nil where the network did not say.
    public var mtu: Int?

    public init(apn: String? = nil, addresses: [String] = [], nameServers: [String] = [], mtu: Int? = nil) {
        self.apn = apn
        self.addresses = addresses
        self.nameServers = nameServers
        self.mtu = mtu
    }
}
