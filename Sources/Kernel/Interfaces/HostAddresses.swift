public import Addressing
public import System

/// The addresses of a host.
public enum HostAddresses {
    /// The addresses of all interfaces of the calling thread's network namespace.
    public static func all() throws(KernelError) -> Set<IPAddress> {
        do throws(SystemError) { return Set(try InterfaceAddress.all().map(\.address)) } catch {
            throw KernelError(.io, "listing the addresses", code: error.code)
        }
    }

    /// The same addresses, and the broadcast addresses of their IPv4 networks (RFC 919).
    public static func withBroadcasts() throws(KernelError) -> (addresses: Set<IPAddress>, broadcasts: Set<IPAddress>) {
        let found: [InterfaceAddress]
        do throws(SystemError) { found = try InterfaceAddress.all() } catch {
            throw KernelError(.io, "listing the addresses", code: error.code)
        }
        return (Set(found.map(\.address)), broadcasts(of: found))
    }

    /// The broadcast addresses of the IPv4 networks of addresses (RFC 919).
    static func broadcasts(of addresses: [InterfaceAddress]) -> Set<IPAddress> {
        Set(
            addresses.compactMap { entry -> IPAddress? in
                guard case .ipv4(let address) = entry.address, case .ipv4(let mask)? = entry.mask else { return nil }
                // A network of two addresses has none (RFC 3021).
                return mask.leadingZeroBitCount == 0 && ~mask > 1 ? .ipv4(address | ~mask) : nil
            })
    }
}
