public import Addressing
internal import Glibc
public import System

/// The addresses of a host: getifaddrs(3).
public enum HostAddresses {
    /// The addresses of all interfaces of the calling thread's network namespace.
    public static func all() throws(KernelError) -> Set<IPAddress> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { throw KernelError(.io, "listing the addresses", code: errno) }
        defer { unsafe freeifaddrs(list) }
        var addresses: Set<IPAddress> = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ifa_next
            if let address = unsafe entry.pointee.ifa_addr, let known = unsafe known(address) {
                addresses.insert(known)
            }
        }
        return addresses
    }

    @unsafe private static func known(_ address: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET: .ipv4(unsafe SocketAddress.ipv4(address))
        case AF_INET6: .ipv6(unsafe SocketAddress.ipv6(address))
        default: nil
        }
    }
}
