public import Listeners

/// Where the reading of a log begins.
public enum LogStart: Equatable, Sendable {
    /// With the packets that are logged from now on.
    case now
    /// With the oldest packet that is kept.
    case oldest
    /// With packets from this time on, in seconds since 1970-01-01T00:00:00Z; older ones may come, too.
    case time(Int64)
}

/// A log of packets that is read as it grows.
public protocol PacketLog: AnyObject {
    /// Passes the packets that were logged since the last call to `body`, in their order.
    ///
    /// - Throws: an error in reading the log.
    func read(_ body: (LoggedPacket) -> Void) throws(KernelError)
    /// The packets that are missing, in sentences; none if all were read.
    var doubts: [String] { get }
    /// The descriptor that can be read when packets were logged.
    var descriptor: Int32 { get }
}
