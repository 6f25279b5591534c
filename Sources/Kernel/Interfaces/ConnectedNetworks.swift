internal import Addressing
internal import Glibc

/// The networks in which the host has an address: getifaddrs(3).
public enum ConnectedNetworks {
    /// A network of an interface.
    public struct Network: Hashable, Sendable {
        /// The interface.
        public var interface: String
        /// The prefix in the notation of a policy.
        public var prefix: String
    }

    /// The networks of the calling thread's namespace, without loopback and link-local ones; empty if they cannot be
    /// read.
    public static func all() -> [Network] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var networks: [Network] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ifa_next
            guard let prefix = unsafe prefix(entry.pointee) else { continue }
            let network = unsafe Network(interface: String(cString: entry.pointee.ifa_name), prefix: prefix)
            if !networks.contains(network) { networks.append(network) }
        }
        return networks
    }

    @unsafe private static func prefix(_ entry: ifaddrs) -> String? {
        guard unsafe entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0, let address = unsafe entry.ifa_addr,
            let mask = unsafe entry.ifa_netmask
        else { return nil }
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            let (value, bits) = unsafe (SocketAddress.ipv4(address), SocketAddress.ipv4(mask))
            return IPv4Address.text(of: (value & bits)...(value | ~bits))
        case AF_INET6:
            let (value, bits) = unsafe (SocketAddress.ipv6(address), SocketAddress.ipv6(mask))
            let linkLocal: UInt128 = 0xfe80
            return value >> 112 == linkLocal ? nil : IPv6Address.text(of: (value & bits)...(value | ~bits))
        default: return nil
        }
    }
}
