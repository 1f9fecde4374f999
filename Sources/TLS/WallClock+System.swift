import Glibc

extension WallClock {
    /// The clock of this machine, which the bearer's or NTP's time may have set, or nobody since it booted.
    public static let system = WallClock(source: "this machine's clock") {
        var time = timespec()
        // The structure outlives the call.
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { return WallTime(secondsSince1970: 0) }
        return WallTime(secondsSince1970: Int64(time.tv_sec))
    }
}
