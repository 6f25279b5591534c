/// The listening sockets whose processes a reading of the sockets is to identify; of others it only finds whether they have any.
public enum OwnerRequest {
    /// Every socket.
    case every
    /// The sockets with these inode numbers, chosen among all listeners before their owners are known.
    case chosen(_ among: ([Listener]) -> Set<UInt64>)

    /// The inode numbers to identify; `nil` for all.
    public func inodes(among listeners: [Listener]) -> Set<UInt64>? {
        switch self {
        case .every: nil
        case .chosen(let choose): choose(listeners)
        }
    }
}
