import Addressing
import Policies
import TestSupport

extension RandomPolicy {
    /// The next policy, with forwards in place of services: to a container, or to other ports of this host.
    mutating func nextForwarding(now: Int64, toThisHost: Bool) -> Policy {
        var policy = next(now: now)
        policy.defaults.published = generator.pick([.enforce, .ignore])
        for index in policy.services.indices {
            policy.services[index].ports.removeAll { !$0.transport.hasPorts }
            let targets = targets(of: policy.services[index], in: policy, toThisHost: toThisHost)
            if targets.isEmpty { continue }
            policy.services[index].forwarding = Forwarding(location: policy.services[index].location, targets: targets)
        }
        policy.services.removeAll(where: \.ports.isEmpty)
        return policy
    }

    /// The targets of a forward in place of a service; none for a service that stays one.
    private mutating func targets(of service: Service, in policy: Policy, toThisHost: Bool) -> [ForwardTarget] {
        let isRange = service.ports.contains { $0.range.count > 1 }
        let others = Self.ports.filter { port in !service.ports.contains { $0.range.contains(port) } }
        let isSentinel = service.name == Self.sentinelService.name
        if toThisHost {
            guard !isRange, !isSentinel, generator.flips(0.8) else { return [] }
            return [ForwardTarget(address: nil, port: generator.pick(others), location: service.location)]
        }
        let port = isRange || isSentinel || generator.flips(0.3) ? nil : generator.pick(others)
        let families: [AddressFamily] =
            isSentinel ? [.ipv4, .ipv6] : generator.pick([[.ipv4, .ipv6], [.ipv4, .ipv6], [.ipv4], [.ipv6]])
        // A target of a family that no source or address has, or that the host does not speak, is an error.
        let spoken = families.filter { family in
            policy.defaults.families.contains(family) && service.destinations?.addresses.has(family) != false
                && service.entries.contains { $0.addresses.has(family) }
        }
        return spoken.compactMap { try? Container.address($0) }.map {
            ForwardTarget(address: $0, port: port, location: service.location)
        }
    }
}

extension Meaning {
    /// The verdict on a packet to a host whose forwards lead to other hosts, at `now` seconds since 1970.
    func outcome(ofForwarded packet: Packet, at now: Int64) -> Outcome {
        // A forward without a target of the family is as if it did not exist.
        let leading = Meaning(policy: policy.keeping { $0.forwarding == nil || $0.leadsElsewhere(packet) })
        return leading.outcome(of: packet, at: now)
    }

    /// What is seen of a packet with this verdict: an accepted one that no forward has finds no listener on this host, which answers
    /// TCP with a reset.
    func observed(_ packet: Packet, _ verdict: Outcome) -> Outcome {
        guard verdict == .accepted,
            !policy.services.contains(where: { $0.leadsElsewhere(packet) && isReached($0, by: packet) })
        else { return verdict }
        return packet.transport == .tcp ? .answered : .silent
    }
}

extension Policy {
    /// The policy with some of its services alone.
    fileprivate func keeping(_ isKept: (Service) -> Bool) -> Policy {
        var policy = self
        policy.services.removeAll { !isKept($0) }
        return policy
    }
}

extension Service {
    /// Whether it has a target for the packet, whose port is one of its own.
    fileprivate func leadsElsewhere(_ packet: Packet) -> Bool {
        forwarding?.targets(packet.source.family).isEmpty == false
            && ports.contains { $0.transport == packet.transport && $0.range.contains(packet.port) }
    }
}

extension AddressSet {
    fileprivate func has(_ family: AddressFamily) -> Bool { family == .ipv4 ? !ipv4.isEmpty : !ipv6.isEmpty }
}
