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
        var networks: [Network] = []
        for address in (try? InterfaceAddress.all()) ?? [] {
            guard let prefix = prefix(of: address) else { continue }
            let network = Network(interface: address.interface, prefix: prefix)
            if !networks.contains(network) { networks.append(network) }
        }
        return networks
    }

    private static func prefix(of interface: InterfaceAddress) -> String? {
        guard interface.flags & UInt32(IFF_LOOPBACK) == 0 else { return nil }
        switch (interface.address, interface.mask) {
        case (.ipv4(let value), .ipv4(let bits)): return IPv4Address.text(of: (value & bits)...(value | ~bits))
        case (.ipv6(let value), .ipv6(let bits)):
            let linkLocal: UInt128 = 0xfe80
            return value >> 112 == linkLocal ? nil : IPv6Address.text(of: (value & bits)...(value | ~bits))
        default: return nil
        }
    }
}
