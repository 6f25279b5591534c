import Addressing
import Listeners

extension Listener {
    /// A listener at an address, by default at `::` for both families.
    static func sample(
        _ transport: TransportProtocol, _ port: UInt16, at address: IPAddress = .ipv6(0), _ owners: Owners
    ) -> Listener {
        Listener(
            transport: transport, address: address, port: port, isDualStack: address == .ipv6(0), inode: UInt64(port),
            owners: owners)
    }
}
