internal import Glibc

/// The time since the host was started, which nobody sets.
public enum Uptime {
    /// `CLOCK_BOOTTIME` in milliseconds: it goes on while the host is suspended.
    public static var milliseconds: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
