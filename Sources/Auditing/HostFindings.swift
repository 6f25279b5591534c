public import Addressing
public import Listeners
public import Policies

extension [Finding] {
    /// The interfaces that the policy names and the host does not have; none if the interfaces are not known.
    ///
    /// A pattern is about interfaces that may come later.
    public static func unknownInterfaces(of policy: Policy, among interfaces: [HostInterface]) -> [Finding] {
        guard !interfaces.isEmpty else { return [] }
        let known = Set(interfaces.map(\.name))
        let uses = policy.interfaceUses.filter { !$0.pattern.isPrefix && !known.contains($0.pattern.name) }
        let groups = Dictionary(grouping: uses, by: \.pattern.name)
        return groups.sorted { $0.key < $1.key }.map { name, uses in
            var subjects: [String] = []
            for use in uses where !subjects.contains(use.subject) { subjects.append(use.subject) }
            let other = interfaces.first { $0.otherNames.contains(name) }
            let reason =
                other.map { "it is another name of \"\($0.name)\", which rules do not match: write \"\($0.name)\"" }
                ?? "correct the name, or write \"\(name)*\" if it comes later"
            let verb = subjects.count == 1 ? "names" : "name"
            return Finding(
                .unknownInterface, .warning,
                "\(subjects.joined(separator: ", ")) \(verb) the interface \"\(name)\", which this host does not have: \(reason)",
                policy: uses[0].location
            ).with(.init(interface: name))
        }
    }

    /// The addresses under `deny` without which the host works badly: its own, and those of gateways and resolvers.
    public static func deniedHost(
        of policy: Policy, addresses: AddressSet?, gateways: Set<IPAddress>, resolvers: [IPAddress]
    ) -> [Finding] {
        guard let deny = policy.deny else { return [] }
        let own = (addresses ?? AddressSet()).subtracting(.loopback).intersection(deny.addresses)
        let kinds: [([IPAddress], String)] = [
            (own.singles, "an address of this host"),
            (gateways.sorted().filter { !$0.isLoopback }, "a gateway of this host"),
            (resolvers.filter { !$0.isLoopback }, "a resolver of /etc/resolv.conf, whose answers are dropped"),
        ]
        return kinds.flatMap { addresses, kind in
            addresses.filter(deny.addresses.contains).map { address in
                Finding(
                    .deniesHost, .warning,
                    "\"deny\" covers \(address), \(kind)\(policy.denyEntry(covering: address)): "
                        + "remove it, or list it under \"never-deny\"",
                    policy: deny.location
                ).with(.init(source: "\(address)"))
            }
        }
    }
}

extension Finding {
    /// The finding that interfaces, routes or rules of routing could not be read.
    public static func unreadNetwork(_ fault: String) -> Finding {
        Finding(
            .unknown, .warning, "\(fault); who reaches a port may depend on that", aspect: "routes")
    }
}

/// An interface in a policy.
private struct InterfaceUse {
    let pattern: InterfacePattern
    /// The service, the line or the entry, in words.
    let subject: String
    let location: SourceLocation

    static func all(_ patterns: [InterfacePattern], of subject: String, at location: SourceLocation) -> [InterfaceUse] {
        patterns.map { InterfaceUse(pattern: $0, subject: subject, location: location) }
    }
}

extension Policy {
    /// The interfaces of all services, lines of `outbound`, and entries of `trusted` and `masquerade`.
    fileprivate var interfaceUses: [InterfaceUse] {
        let ofTrusted = trusted.flatMap {
            InterfaceUse.all($0.entry.interfaces, of: "\"trusted\" \"\($0.name)\"", at: $0.location)
        }
        let ofServices = services.flatMap { service in
            service.entries.flatMap {
                InterfaceUse.all($0.interfaces, of: "\(service.kind) \"\(service.name)\"", at: $0.location)
            }
        }
        let ofLines = outbound.flatMap { InterfaceUse.all($0.interfaces, of: $0.title, at: $0.location) }
        let ofMasquerades = masquerades.flatMap {
            InterfaceUse.all($0.interfaces, of: "\"masquerade\" \"\($0.name)\"", at: $0.location)
        }
        return ofTrusted + ofServices + ofLines + ofMasquerades
    }
}

extension Policy {
    /// The entry of `deny` that covers an address, behind a comma: `, by 192.0.2.0/24 of "feed" (policy.yaml:3)`.
    fileprivate func denyEntry(covering address: IPAddress) -> String {
        for entry in deny?.entries ?? [] {
            if let group = groups.first(where: { $0.name == entry }) {
                guard let range = group.addresses.range(around: address) else { continue }
                return ", by \(range) of \"\(entry)\" (\(group.location.file):\(group.location.line))"
            }
            if let range = try? AddressRange(entry), AddressSet(range).contains(address) { return ", by \(range)" }
        }
        return ""
    }
}

extension AddressSet {
    /// The addresses of the set next to this one, without a gap; `nil` if it is not in the set.
    fileprivate func range(around address: IPAddress) -> AddressRange? {
        switch address {
        case .ipv4(let value): ipv4.ranges.first { $0.contains(value) }.map(AddressRange.ipv4)
        case .ipv6(let value): ipv6.ranges.first { $0.contains(value) }.map(AddressRange.ipv6)
        }
    }

    /// The first address of each range.
    fileprivate var singles: [IPAddress] {
        ipv4.ranges.map { .ipv4($0.lowerBound) } + ipv6.ranges.map { .ipv6($0.lowerBound) }
    }
}
