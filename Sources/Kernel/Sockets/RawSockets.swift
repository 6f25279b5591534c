internal import Addressing
public import Listeners
internal import System

/// The raw sockets of the network namespace of the calling thread: raw(7).
///
/// The source is `/proc/net/raw` and `/proc/net/raw6`, which need neither privileges nor a kernel module.
public struct RawSockets {
    private static let files: [(path: String, family: AddressFamily)] = [
        ("/proc/thread-self/net/raw", .ipv4), ("/proc/thread-self/net/raw6", .ipv6),
    ]

    /// All raw sockets, in the kernel's order, without their owners; the port of each is 0.
    ///
    /// A file is missing if the kernel has no IPv6.
    public static func all() -> [Listener] {
        files.flatMap { path, family in
            (ProcFile.text(path) ?? "").split(separator: "\n").dropFirst().compactMap { socket($0, family) }
        }
    }

    /// A line of `raw_sock_seq_show` or `__ip6_dgram_sock_seq_show` of the kernel: the protocol is in the place of the port.
    private static func socket(_ line: Substring, _ family: AddressFamily) -> Listener? {
        let fields = line.split(separator: " ")
        let (place, user, inode) = (1, 7, 9)
        guard fields.count > inode, let colon = fields[place].firstIndex(of: ":"),
            let number = UInt8(fields[place][fields[place].index(after: colon)...], radix: 16),
            let address = address(fields[place][..<colon]), address.family == family,
            let userID = UInt32(fields[user]), let inode = UInt64(fields[inode])
        else { return nil }
        return Listener(
            transport: TransportProtocol(rawValue: number), address: address, port: 0, userID: userID, inode: inode)
    }

    /// An address in words of 32 bits, each printed as a number of this machine.
    private static func address(_ text: Substring) -> IPAddress? {
        let width = 8
        let bytes = stride(from: 0, to: text.utf8.count, by: width).flatMap { offset in
            UInt32(text.dropFirst(offset).prefix(width), radix: 16)?.hostOrderBytes ?? []
        }
        return IPAddress(bigEndianBytes: bytes)
    }
}
