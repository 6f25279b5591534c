internal import Addressing
internal import Reachability

extension ImportDifference {
    /// Whether the policy refuses the replies of a DHCP server, RFC 2131 4.1, which rules let in by their source port.
    public var isOfDHCP: Bool {
        isRefusedDatagram(68) && sourcePorts == 67...67
    }

    /// Whether the policy refuses packets to a DHCPv6 client at a link-local address, RFC 8415 7.2.
    public var isOfDHCPv6: Bool {
        let isOfLink = destinations.allSatisfy { $0.addresses?.subtracting(.linkLocal).isEmpty ?? false }
        return isRefusedDatagram(546) && !destinations.isEmpty && isOfLink
    }

    private func isRefusedDatagram(_ port: UInt16) -> Bool {
        kind == .narrower && subject == .access && transport == .udp && ports == port...port
    }
}
