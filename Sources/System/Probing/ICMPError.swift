internal import Addressing
internal import Listeners

/// An ICMP or ICMPv6 error about a probe.
struct ICMPError {
    let isIPv6: Bool
    let type: UInt8
    let code: UInt8
    /// The host that sent it; `nil` if that is not known.
    let sender: IPAddress?

    /// What it shows about a port of `target`.
    ///
    /// The kernel sends itself "host unreachable" where no neighbour answers; the target itself can be reached, so that the same
    /// message from there is a refusal.
    func answer(about target: IPAddress) -> ProbeAnswer {
        guard let sender, sender != target else { return .prohibited }
        if Self.isOwn(sender) {
            return saysUnreachable ? .unreachable(.link) : .failure("a firewall of this host refuses it")
        }
        return saysUnreachable ? .unreachable(.router(sender)) : .prohibited
    }

    /// Whether it tells of a host or a network that is not reached, RFC 792 and RFC 1812 5.2.7.1, RFC 4443 3.1 and 3.3; the other
    /// codes say that an administrator prohibits it.
    private var saysUnreachable: Bool {
        if isIPv6 { return type == 3 || type == 1 && [0, 2, 3].contains(code) }
        return type == 11 || type == 3 && [0, 1, 5, 6, 7, 8, 11, 12].contains(code)
    }

    /// Whether it is an address of this host, which is dialled from that address.
    private static func isOwn(_ address: IPAddress) -> Bool {
        // The port of discard, RFC 863: a socket of UDP that is connected sends nothing.
        let socket = try? ProbeSocket(ProbeTarget(.udp, 9), at: address, isSilent: true)
        return socket?.source == address
    }
}
