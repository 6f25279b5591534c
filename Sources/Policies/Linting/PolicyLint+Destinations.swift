internal import Addressing

extension PolicyLint {
    /// Checks the `addresses` of a service against the addresses that its clients dial.
    func checkDestinations(_ placed: PlacedService) {
        guard let destinations = placed.service.destinations,
            let place = placed.entry.value.value(of: "addresses")?.place
        else { return }
        let name = placed.service.title
        let sources = placed.service.addresses
        let meetsIPv4 = !sources.ipv4.isEmpty && !destinations.addresses.ipv4.isEmpty
        let meetsIPv6 = !sources.ipv6.isEmpty && !destinations.addresses.ipv6.isEmpty
        if !sources.isEmpty, !meetsIPv4, !meetsIPv6 {
            log.warning(
                "\(name) can never be reached: its sources and its addresses are of different families", at: place)
        }
        for port in placed.ports where port.port.transport == .udp {
            for wide in WideAddress.all where port.port.range.contains(wide.port) {
                guard destinations.addresses.intersection(wide.addresses).isEmpty,
                    let first = wide.addresses.witness
                else { continue }
                log.warning(
                    "clients dial udp/\(wide.port) of \(name) also at \(first), which \"addresses\" lacks; "
                        + "add it, or omit \"addresses\"", at: place)
            }
        }
    }
}

/// Broadcast and multicast addresses at which the clients of a protocol look for its servers.
private struct WideAddress {
    /// The port.
    let port: UInt16
    /// The addresses.
    let addresses: AddressSet

    /// RFC 2131 4.1 and RFC 6762 3.
    static let all = [
        WideAddress(port: 67, addresses: AddressSet(ipv4: [0xffff_ffff...0xffff_ffff], ipv6: [])),
        WideAddress(
            port: 5353,
            addresses: AddressSet(
                ipv4: [0xe000_00fb...0xe000_00fb], ipv6: [(0xff02 << 112 | 0xfb)...(0xff02 << 112 | 0xfb)])),
    ]
}
