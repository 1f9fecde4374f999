import AT
import Support
import Testing

/// No line of a modem's, however broken, does more than make an answer malformed.
@Suite struct CommandsHostileTests {
    private static let seeds = [
        "+CPIN: READY", "+CREG: 2,1,\"00C3\",\"0A1B2C3D\",7,0,15", "+CEREG: 3,3,,,,0,15", "+CSQ: 18,99",
        "+CESQ: 99,99,255,255,20,47", "+COPS: 0,0,\"Operator\",7", "+CGDCONT: 1,\"IP\",\"internet\",\"0.0.0.0\",0,0",
        "+CGACT: 1,1", "+CGPADDR: 1,\"10.1.2.3\",\"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1\"",
        "+CGCONTRDP: 1,5,\"internet\",\"10.1.2.3.255.255.255.0\",\"10.1.2.1\",\"9.9.9.9\"",
        "+CCLK: \"26/11/24,21:30:00+04\"",
        "+CEER: 2,33", "+QPINC: \"SC\",3,10", "+CPINR: SIM PIN,3,3", "+SPIC: 3,10,3,10", "+CFUN: 1", "+CGATT: 1",
        "89490200001234567890", "861536030196001",
    ]

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func mutatedLinesNeverTrap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var answered = 0
        for _ in 0..<2_000 {
            let lines = (0..<Int.random(in: 0...3, using: &random)).map { _ in Self.mutated(&random) }
            answered += Self.readAll(lines)
        }
        #expect(answered > 100, "seed \(seed): the mutations leave some lines readable")
    }

    @Test func linesOfGreatLengthAreBounded() throws {
        let commas = "+CREG: " + String(repeating: ",", count: 100_000)
        let quotes = "+COPS: 0,0,\"" + String(repeating: "\"", count: 100_000)
        let digits = "+CSQ: " + String(repeating: "9", count: 100_000)
        _ = Self.readAll([commas, quotes, digits, String(repeating: "(", count: 100_000)])
        #expect(throws: ATError.self) { try SignalQuery().response(from: [digits]) }
        #expect(try OperatorQuery().response(from: [quotes]).name?.count ?? 0 <= 64)
    }

    private static func mutated(_ random: inout SeededGenerator) -> String {
        var octets = Array((seeds.randomElement(using: &random) ?? "").utf8)
        for _ in 0..<Int.random(in: 0...4, using: &random) where !octets.isEmpty {
            let index = Int.random(in: octets.indices, using: &random)
            switch Int.random(in: 0...4, using: &random) {
            case 0: octets[index] = UInt8.random(in: .min ... .max, using: &random)
            case 1: octets.remove(at: index)
            case 2: octets.insert(Array("\",()-9".utf8).randomElement(using: &random) ?? 0, at: index)
            case 3: octets.removeLast(octets.count - index)
            default: octets += octets[index...]
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// How many commands took the lines for an answer.
    private static func readAll(_ lines: [String]) -> Int {
        var count = 0
        func read(_ command: some ATCommand) {
            do {
                _ = try command.response(from: lines)
                count += 1
            } catch {}
        }
        for subject in IdentityQuery.Subject.allCases { read(IdentityQuery(subject)) }
        for domain in RegistrationDomain.allCases { read(RegistrationQuery(domain)) }
        for form in PINTriesQuery.Form.allCases { read(PINTriesQuery(form)) }
        for form in ICCIDQuery.Form.allCases { read(ICCIDQuery(form)) }
        read(InformationQuery())
        read(FunctionalityQuery())
        read(PINStateQuery())
        read(IMSIQuery())
        read(SignalQuery())
        read(ExtendedSignalQuery())
        read(OperatorQuery())
        read(AttachQuery())
        read(ErrorReportQuery())
        read(ClockQuery())
        read(ContextDefinitionsQuery())
        read(ContextStatesQuery())
        read(ContextAddressQuery(cid: 1))
        read(ContextDetailsQuery(cid: 1))
        return count
    }
}
