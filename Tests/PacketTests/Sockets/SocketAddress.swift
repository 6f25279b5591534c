import Addressing
import Glibc

extension Endpoint {
    /// Calls `body` with the endpoint as a `sockaddr`.
    func withSocketAddress<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        switch address {
        case .ipv4(let value):
            var storage = sockaddr_in()
            storage.sin_family = sa_family_t(AF_INET)
            storage.sin_port = port.bigEndian
            storage.sin_addr.s_addr = value.bigEndian
            return unsafe Self.passing(&storage, body)
        case .ipv6(let value):
            var storage = sockaddr_in6()
            storage.sin6_family = sa_family_t(AF_INET6)
            storage.sin6_port = port.bigEndian
            storage.sin6_scope_id = scope
            unsafe withUnsafeMutableBytes(of: &storage.sin6_addr) {
                unsafe $0.storeBytes(of: value.bigEndian, as: UInt128.self)
            }
            return unsafe Self.passing(&storage, body)
        }
    }

    private static func passing<Storage, R>(
        _ storage: inout Storage, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe body(address, socklen_t(MemoryLayout<Storage>.size))
            }
        }
    }

    /// The endpoint in the `sockaddr` that `fill` writes.
    ///
    /// A mapped IPv4 address, RFC 4291 2.5.5.2, becomes an IPv4 address.
    init?(filledBy fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Bool) {
        var storage = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let isFilled = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe fill($0, &length) }
        }
        guard isFilled else { return nil }
        if storage.sin6_family == sa_family_t(AF_INET) {
            // The address of a `sockaddr_in` is at the offset of the flow label of a `sockaddr_in6`.
            self.init(
                address: .ipv4(UInt32(bigEndian: storage.sin6_flowinfo)), port: UInt16(bigEndian: storage.sin6_port))
            return
        }
        let bytes = unsafe withUnsafeBytes(of: storage.sin6_addr) { unsafe $0.loadUnaligned(as: UInt128.self) }
        let value = UInt128(bigEndian: bytes)
        let address: IPAddress = value >> 32 == 0xffff ? .ipv4(UInt32(truncatingIfNeeded: value)) : .ipv6(value)
        self.init(address: address, port: UInt16(bigEndian: storage.sin6_port), scope: storage.sin6_scope_id)
    }
}
