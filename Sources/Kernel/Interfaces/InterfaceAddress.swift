internal import Glibc

/// Reads addresses from `struct sockaddr`.
enum SocketAddress {
    /// The address of a `sockaddr_in`, in host order.
    @unsafe static func ipv4(_ address: UnsafeMutablePointer<sockaddr>) -> UInt32 {
        unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
            unsafe UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
        }
    }

    /// The address of a `sockaddr_in6`, in host order.
    @unsafe static func ipv6(_ address: UnsafeMutablePointer<sockaddr>) -> UInt128 {
        unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
            unsafe withUnsafeBytes(of: pointer.pointee.sin6_addr) {
                unsafe $0.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            }
        }
    }
}
