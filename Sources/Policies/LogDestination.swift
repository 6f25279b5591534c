/// The place to which packets are logged.
public enum LogDestination: Hashable, Sendable {
    /// The kernel's log, from which the journal takes them.
    case kernel
    /// A group of nfnetlink_log, which one program at a time can listen to; the kernel keeps nothing.
    case netlink(group: UInt16)

    /// The group; `nil` for the kernel's log.
    public var group: UInt16? {
        switch self {
        case .kernel: nil
        case .netlink(let group): group
        }
    }
}
