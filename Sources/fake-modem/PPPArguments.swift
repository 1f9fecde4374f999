import ArgumentParser
import FakeModem
import NIOCore

/// How the modem's PPP behaves.
struct PPPArguments: ParsableArguments {
    @Option(
        parsing: .singleValue,
        help: "How --apn-account is proven over PPP: none (default), pap, chap; repeatable, the preferred first.")
    var pppAuth: [String] = []

    @Option(help: "Name servers that IPCP hands out: 0 to 2.")
    var pppNameServers = 2

    @Option(help: "The largest packet that the modem takes over PPP, in octets.")
    var pppMru = 1_500

    @Option(help: "Control characters that the modem wants escaped, in hexadecimal.")
    var pppAccm = "0"

    @Option(parsing: .singleValue, help: "The number of an LCP option that the modem refuses; repeatable.")
    var pppRefuse: [UInt8] = []

    @Option(help: "How often the host is told 0.0.0.0 before it gets an address.")
    var pppEmptyProposals = 0

    @Flag(name: .customLong("ppp-no-vj"), help: "The modem refuses to compress headers of TCP.")
    var pppNoVJ = false

    @Flag(help: "The modem answers no Echo-Request.")
    var pppNoEcho = false

    @Option(help: "In how many of 100 cases what the modem writes of PPP is lost.")
    var pppLost = 0

    @Option(help: "In how many of 100 cases it has a damaged octet.")
    var pppDamaged = 0

    @Option(help: "From the end of the PPP link to NO CARRIER, such as 3s; never: the host has to hang up.")
    var pppHangUp = "0ms"

    @Option(help: "What the modem says before its first frame, with \\r and \\xHH.")
    var pppBanner = ""

    @Option(help: "ADDR:PORT: another PPP server, with a network of its own, to which each call is a connection.")
    var pppServer: String?

    func conditions() throws(FakeModemError) -> PPPConditions {
        var conditions = PPPConditions()
        try conditions.setAuthentication(pppAuth)
        conditions.nameServers = try within("--ppp-name-servers", pppNameServers, 0...2)
        conditions.mru = UInt16(try within("--ppp-mru", pppMru, 128...16_384))
        try conditions.setACCM(pppAccm)
        conditions.refusedOptions = Set(pppRefuse)
        conditions.emptyProposals = try within("--ppp-empty-proposals", pppEmptyProposals, 0...1_000)
        conditions.answersEcho = !pppNoEcho
        conditions.compressesHeaders = !pppNoVJ
        conditions.lost = try within("--ppp-lost", pppLost, 0...100)
        conditions.damaged = try within("--ppp-damaged", pppDamaged, 0...100)
        conditions.hangUp = pppHangUp == "never" ? nil : try duration("--ppp-hang-up", pppHangUp)
        conditions.banner = Escapes.resolve(pppBanner)
        if let pppServer { try conditions.setServer(pppServer) }
        return conditions
    }
}

func duration(_ option: String, _ text: String) throws(FakeModemError) -> TimeAmount {
    guard let time = TimeAmount(parsing: text) else {
        throw .badOption(option, given: text, wanted: "a duration with its unit, such as 700ms, 3s or 2m")
    }
    return time
}

func within(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws(FakeModemError) -> Int {
    guard range.contains(value) else {
        throw .badOption(option, given: "\(value)", wanted: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
}
