import COpenSSL
import Scopes

/// The library's queue of errors, of which each thread has one. It is cleared before a call whose failure is asked about, and
/// drained after it, so that no error of one connection is taken for another's.
enum LibraryErrors {
    struct Entry: Equatable {
        let library: Int32
        let reason: Int32
        let words: String

        /// The number of the alert (RFC 8446 §6) that the peer sent, when the error says that one came.
        var receivedAlert: UInt8? {
            // The library adds the alert's number to 1000.
            guard library == ERR_LIB_SSL, (1000...1255).contains(reason) else { return nil }
            return UInt8(exactly: reason - 1000)
        }

        func isSSL(_ reason: Int32) -> Bool { library == ERR_LIB_SSL && self.reason == reason }
    }

    static func clear() {
        ERR_clear_error()
    }

    /// The oldest first: it is the cause, the others what followed from it. At most 16, as the library keeps no more.
    static func drain() -> [Entry] {
        var entries: [Entry] = []
        while entries.count < 16 {
            let error = ERR_get_error()
            guard error != 0 else { break }
            entries.append(
                Entry(library: COpenSSL_error_library(error), reason: COpenSSL_error_reason(error), words: words(error))
            )
        }
        ERR_clear_error()
        return entries
    }

    /// The failure of a call that only a defect or a missing algorithm lets fail.
    static func failure(_ doing: String) -> TLSError {
        let cause = drain().first?.words ?? "no reason given"
        return .library("\(doing): \(cause)")
    }

    /// The library's text for the reason alone: it is loaded when it is asked for, and never on the path of a good handshake.
    private static func words(_ error: UInt) -> String {
        guard let text = unsafe ERR_reason_error_string(error) else { return "error \(error)" }
        // A constant of the library, which lives as long as the process.
        return unsafe String(cString: text).printable(limit: 120)
    }
}
