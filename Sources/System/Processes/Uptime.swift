internal import CLinux
internal import Glibc

/// The time since boot; setting the clock does not change it.
public enum Uptime {
    /// `CLOCK_BOOTTIME` in milliseconds; it includes the time in suspend.
    public static var milliseconds: Int64 {
        let time = HostCalls.time(of: CLOCK_BOOTTIME)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
