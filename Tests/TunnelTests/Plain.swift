import CLinux
import Glibc

/// Calls of the system on sockets, waiting.
enum Plain {
    static func wait(_ descriptor: Int32, _ events: Int32) {
        var waiting = [pollfd(fd: descriptor, events: Int16(events), revents: 0)]
        // The array outlives the call.
        _ = unsafe poll(&waiting, 1, 30_000)
    }

    static func accept(_ listener: Int32) -> Int32 {
        wait(listener, POLLIN)
        return Glibc.accept(listener, nil, nil)
    }

    static func write(_ descriptor: Int32, _ text: String) {
        let octets = Array(text.utf8)
        // As above.
        _ = unsafe Glibc.write(descriptor, octets, octets.count)
    }

    /// Nil at the end, at an error, or after 30 s.
    static func read(_ descriptor: Int32, _ count: Int) -> String? {
        var found: [UInt8] = []
        while found.count < count {
            wait(descriptor, POLLIN)
            var octets = [UInt8](repeating: 0, count: count - found.count)
            // As above.
            let got = unsafe Glibc.read(descriptor, &octets, octets.count)
            guard got > 0 else { return nil }
            found += octets.prefix(got)
        }
        return String(decoding: found, as: UTF8.self)
    }
}
