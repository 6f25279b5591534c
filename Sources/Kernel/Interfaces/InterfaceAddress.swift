internal import Addressing
internal import Glibc
internal import System

/// An address of an interface.
struct InterfaceAddress {
    /// The name of the interface.
    let interface: String
    /// `IFF_…` of `net/if.h`.
    let flags: UInt32
    /// The address.
    let address: IPAddress
    /// The mask of its network; `nil` if it has none.
    let mask: IPAddress?

    /// The addresses of its network.
    var network: AddressSet {
        switch (address, mask) {
        case (.ipv4(let value), .ipv4(let bits)):
            AddressSet(ipv4: IntervalSet([(value & bits)...(value | ~bits)]))
        case (.ipv6(let value), .ipv6(let bits)):
            AddressSet(ipv6: IntervalSet([(value & bits)...(value | ~bits)]))
        default: AddressSet(address)
        }
    }

    /// The IPv4 and IPv6 addresses in the network namespace of the calling thread: getifaddrs(3).
    static func all() throws(SystemError) -> [InterfaceAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { throw .last }
        defer { unsafe freeifaddrs(list) }
        var addresses: [InterfaceAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ifa_next
            guard let address = unsafe entry.pointee.ifa_addr, let known = unsafe ipAddress(address) else { continue }
            addresses.append(
                InterfaceAddress(
                    interface: unsafe KernelName.text(at: entry.pointee.ifa_name),
                    flags: unsafe entry.pointee.ifa_flags,
                    address: known, mask: unsafe entry.pointee.ifa_netmask.flatMap { unsafe ipAddress($0) }))
        }
        return addresses
    }

    /// The address in a `struct sockaddr`; `nil` for other families.
    @unsafe private static func ipAddress(_ address: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                .ipv4(UInt32(bigEndian: unsafe $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                unsafe withUnsafeBytes(of: pointer.pointee.sin6_addr) {
                    .ipv6(UInt128(bigEndianBytes: unsafe Array($0)))
                }
            }
        default: nil
        }
    }
}
