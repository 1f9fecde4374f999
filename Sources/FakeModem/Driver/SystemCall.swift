import Glibc

/// The words of the last failed call.
func lastFailure(_ purpose: String) -> FakeModemError {
    .system(purpose, words(of: errno))
}

func words(of code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    // The buffer outlives the call, which writes a terminated string into it.
    guard unsafe strerror_r(code, &buffer, buffer.count - 1) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Sets a descriptor to non-blocking, and closed in children.
func prepare(_ number: Int32) -> Descriptor {
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
    return Descriptor(number)
}

/// A descriptor of this process, closed when its owner goes.
final class Descriptor {
    let number: Int32
    private var isOpen = true

    init(_ number: Int32) {
        self.number = number
    }

    deinit { close() }

    func close() {
        guard isOpen else { return }
        isOpen = false
        _ = Glibc.close(number)
    }

    /// Up to `limit` octets: empty at the end of the file, nil when there is nothing now or never again, with errno.
    func read(_ limit: Int) -> [UInt8]? {
        guard limit > 0 else { return nil }
        var count = 0
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
            repeat {
                // The buffer has `limit` octets, and the call writes at most that many.
                count = unsafe Glibc.read(number, buffer.baseAddress, limit)
            } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        return count < 0 ? nil : octets
    }

    /// How many octets were taken, nil when none can be now or ever, with errno.
    func write(_ octets: some Sequence<UInt8>) -> Int? {
        let octets = Array(octets)
        var count = 0
        repeat {
            // The array outlives the call, which reads no more than its count.
            count = unsafe octets.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
        } while count < 0 && errno == EINTR
        return count < 0 ? nil : count
    }
}
