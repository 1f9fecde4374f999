import Scopes
import Testing

@Suite struct FailureTests {
    @Test func theGravestStatusOfSeveralVerdictsFollowsTheStatedOrder() {
        let order: [Scopes.ExitStatus] = [
            .credentialsRefused, .configuration, .badMessage, .recipientRefused, .peerProtocol, .unavailable, .tryAgain,
            .ok,
        ]
        for (index, graver) in order.enumerated() {
            for milder in order[index...] {
                #expect(Scopes.ExitStatus.gravest([milder, graver]) == graver)
            }
        }
        #expect(Scopes.ExitStatus.gravest([]) == .ok)
    }

    @Test func wordsOfAPeerCannotDriveATerminal() {
        #expect("550 \u{1B}[2Jno\r\n".printable() == "550 \\x1b[2Jno\\xd\\xa")
        #expect("\u{202E}gpj".printable() == "\\x202egpj")
        #expect("Grüße".printable() == "Grüße")
        #expect(String(repeating: "a", count: 401).printable() == String(repeating: "a", count: 400) + "…")
        #expect(String(repeating: "a", count: 400).printable() == String(repeating: "a", count: 400))
    }
}
