internal import Addressing
public import Listeners
public import Policies
internal import Printing

extension [Finding] {
    /// The reasons on this host why forwarded packets go nowhere: forwarding that is off, and targets without a route.
    ///
    /// portreeve writes no sysctl.
    public static func forwarding(of policy: Policy, over network: (any HostNetwork)?) -> [Finding] {
        guard let network else { return [] }
        let forwards = policy.services.filter { $0.forwarding?.isLocal == false }
        return AddressFamily.allCases.filter { network.forwards($0) == false }.compactMap { off($0, forwards, policy) }
            + forwards.flatMap { withoutRoute($0, network) }
    }

    /// The finding that this host forwards no packets of the family; `nil` if none are meant to be.
    private static func off(_ family: AddressFamily, _ forwards: [Service], _ policy: Policy) -> Finding? {
        let leading = forwards.filter { $0.forwarding?.targets(family).isEmpty == false }
        let masquerades = policy.masquerades.filter {
            family == .ipv4 ? !$0.addresses.ipv4.isEmpty : !$0.addresses.ipv6.isEmpty
        }
        let subjects =
            leading.map { "forward \"\($0.name)\"" } + masquerades.map { "\"masquerade\" \"\($0.name)\"" }
        guard let place = leading.first?.location ?? masquerades.first?.location else { return nil }
        let sysctl = family == .ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding"
        var finding = Finding(
            .forwardingOff, .warning,
            "this host forwards no \(family.title) packets, which \(subjects.shortened) "
                + "\(subjects.count == 1 ? "needs" : "need"): set \(sysctl) to 1",
            policy: place
        ).with(.init(aspect: family.title))
        if subjects.count == 1 {
            finding.service = leading.first?.name
            finding.details.source = masquerades.first?.name
        }
        return finding
    }

    private static func withoutRoute(_ forward: Service, _ network: any HostNetwork) -> [Finding] {
        let targets = (forward.forwarding?.targets ?? []).filter { target in
            target.address.map { network.answer(RouteQuestion(to: $0)) == .unreachable } ?? false
        }
        return targets.map { target in
            Finding(
                .forwardingOff, .warning,
                "forward \"\(forward.name)\" leads to \(target), to which this host has no route: add one, or correct \"to\"",
                service: forward.name, policy: target.location
            ).with(.init(aspect: "\(target)"))
        }
    }
}

extension [String] {
    /// At most this many are named.
    private static let named = 3

    /// The first few, and how many more there are.
    fileprivate var shortened: String { listed(atMost: Self.named) }
}
