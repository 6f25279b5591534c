public import Listeners

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
