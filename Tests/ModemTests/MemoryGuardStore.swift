import Credentials
import Modem
import Synchronization

/// Records in memory, that may refuse to be read or written.
final class MemoryGuardStore: PINGuardStore {
    private struct State {
        var records: [String: PINRecord] = [:]
        var history: [PINRecord] = []
        var failure: String?
    }

    private let state = Mutex(State())

    var records: [String: PINRecord] { state.withLock { $0.records } }
    /// Every record that was stored, in order.
    var history: [PINRecord] { state.withLock { $0.history } }

    func fail(_ words: String?) { state.withLock { $0.failure = words } }

    func record(for key: String) async throws(PINGuardStoreError) -> PINRecord? {
        try check()
        return state.withLock { $0.records[key] }
    }

    func store(_ record: PINRecord, for key: String) async throws(PINGuardStoreError) {
        try check()
        state.withLock {
            $0.records[key] = record
            $0.history.append(record)
        }
    }

    func place(of key: String) -> String { "memory/\(key)" }

    private func check() throws(PINGuardStoreError) {
        if let words = state.withLock({ $0.failure }) { throw PINGuardStoreError(words) }
    }
}

extension Digests {
    /// No cryptography: tells inputs apart, and shows none of them.
    static let forTests = Digests(
        hmacSHA256: { key, message in
            var octets = [UInt8](repeating: UInt8(truncatingIfNeeded: message.count), count: 32)
            for (index, octet) in (key + message).enumerated() {
                octets[index % 32] = octets[index % 32] &* 31 &+ octet
            }
            return octets
        },
        randomOctets: { count in (0..<max(0, count)).map { UInt8(truncatingIfNeeded: 7 &* $0 &+ 3) } },
        sha256: { _ in [UInt8](repeating: 0, count: 32) }, pbkdf2SHA256: { password, _, _ in password },
        md5: { _ in nil }, hmacMD5: { _, _ in nil })
}
