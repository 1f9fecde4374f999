import Glibc
import Synchronization

/// A descriptor that is closed with its owner, unless it was taken.
public final class OwnedDescriptor: Sendable {
    private let number: Mutex<Int32?>

    init(_ number: Int32) {
        self.number = Mutex(number)
    }

    deinit {
        if let number = take() { close(number) }
    }

    /// The descriptor, non-blocking and closed on exec: whoever takes it closes it. Nil from the second time on.
    public func take() -> Int32? {
        number.withLock { number in
            defer { number = nil }
            return number
        }
    }
}
