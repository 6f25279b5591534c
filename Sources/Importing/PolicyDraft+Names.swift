internal import Addressing
internal import Listeners
internal import Policies

extension PolicyDraft {
    /// Gives each service, each line and each entry of `trusted` a name of its own.
    mutating func name(_ names: PortNames, _ listeners: [Listener], userName: @escaping (UInt32) -> String?) {
        var taken = UniqueNames(groups: groups, userName: userName)
        let comments = services.sharedComments
        for index in services.indices {
            services[index].name = taken.name(
                services[index], services[index].likelyName(names, listeners, besides: comments))
        }
        var lines = UniqueNames(groups: groups, userName: userName)
        let reasons = outbound.sharedComments
        for index in outbound.indices {
            outbound[index].name = lines.name(outbound[index], outbound[index].likelyName(names, [], besides: reasons))
        }
        var masqueraded: Set<String> = []
        for index in masquerades.indices {
            let access = masquerades[index].access
            let name = access.interfaces.count == 1 ? "by-\(access.interfaces[0])" : "outgoing"
            let valid = PolicyName.valid(name, prefix: "by-")
            let group = groups.first { $0.addresses == access.sources }.map {
                PolicyName.valid("\($0.name)-\(valid)", prefix: "")
            }
            masquerades[index].name = PolicyName.unique(
                masqueraded.contains(valid) ? group ?? valid : valid, &masqueraded)
        }
        for index in trusted.indices {
            trusted[index].name = PolicyName.unique(likelyName(trusted[index]), &taken.taken)
        }
    }

    /// A name for sources that every port is open to: the zone, the only interface, the named set, or the family.
    private func likelyName(_ entry: Trusted) -> String {
        let (interfaces, sources) = (entry.access.interfaces, entry.access.sources)
        if !entry.name.isEmpty { return PolicyName.valid(entry.name, prefix: "zone-") }
        if interfaces.count == 1 { return PolicyName.valid(interfaces[0], prefix: "on-") }
        if let common = interfaces.commonName { return PolicyName.valid(common, prefix: "on-") }
        if sources.isAny { return "everywhere" }
        if let family = AddressFamily.allCases.first(where: { sources == .all($0) }) {
            return family == .ipv4 ? "ipv4" : "ipv6"
        }
        return groups.first { $0.addresses == sources }?.name ?? "trusted"
    }
}

extension [String] {
    /// The start that interfaces have in common, without numbers: `virbr`; of two others both names; `nil` for none.
    fileprivate var commonName: String? {
        guard count > 1, let first else { return nil }
        let start = dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        let letters = start.reversed().drop { !$0.isLetter }.reversed()
        return letters.count > 2 ? String(letters) : count == 2 ? joined(separator: "-") : nil
    }
}

extension String {
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}

extension [PolicyDraft.Service] {
    /// The comments of several of them.
    fileprivate var sharedComments: Set<String> {
        Set(Dictionary(grouping: compactMap(\.comment?.reason)) { $0 }.filter { $0.value.count > 1 }.keys)
    }
}

/// Names of services that are each given once: a second service at the same ports is told by that in which it differs.
struct UniqueNames {
    let groups: [LiveGroup]
    let userName: (UInt32) -> String?
    /// The names that are given.
    var taken: Set<String> = []
    private var first: [String: PolicyDraft.Service] = [:]

    init(groups: [LiveGroup], userName: @escaping (UInt32) -> String?) {
        (self.groups, self.userName) = (groups, userName)
    }

    /// The name of a service: the likely one, or that with the difference from the first service of that name.
    mutating func name(_ service: PolicyDraft.Service, _ likely: String) -> String {
        guard let known = first[likely] else {
            first[likely] = service
            return PolicyName.unique(likely, &taken)
        }
        let names = differences(service, from: known).map { end in
            PolicyName.valid(likely.prefix(max(1, PolicyName.longest - end.count - 1)) + "-\(end)", prefix: "service-")
        }
        return PolicyName.unique(names.first { !taken.contains($0) } ?? likely, &taken)
    }

    /// The parts in which a service differs from another one, in words, the most telling one first.
    private func differences(_ service: PolicyDraft.Service, from other: PolicyDraft.Service) -> [String] {
        var ends: [String] = []
        if service.users != other.users { ends += service.users.prefix(1).map { "of-\(userName($0) ?? String($0))" } }
        if service.destinations != other.destinations, let address = service.destinations.terms.first {
            ends.append(service.destinations.isOfGroups ? "multicast" : "at-\(address)")
        }
        if service.entries != other.entries {
            let (sources, interfaces) = (service.entries.map(\.sources), service.entries.flatMap(\.interfaces).distinct)
            let word = service.isOutbound ? "to" : "from"
            if sources != other.entries.map(\.sources), sources.count == 1 {
                ends += groups.filter { $0.addresses == sources[0] }.prefix(1).map { "\(word)-\($0.name)" }
                ends += AddressFamily.allCases.filter { sources[0] == .all($0) }.map { $0 == .ipv4 ? "ipv4" : "ipv6" }
            }
            if interfaces.count == 1 { ends.append("\(service.isOutbound ? "by" : "on")-\(interfaces[0])") }
            if sources.count == 1, sources[0].count == 1 { ends += sources[0].terms.prefix(1).map { "\(word)-\($0)" } }
        }
        let transports = Set(service.ports.keys)
        if transports != Set(other.ports.keys), transports.count == 1 { ends += transports.map(\.name) }
        return ends
    }
}

extension AddressSet {
    /// Whether all of it are multicast addresses: RFC 5771, RFC 4291 2.7.
    fileprivate var isOfGroups: Bool {
        subtracting(
            AddressSet(ipv4: IntervalSet([0xe000_0000...0xefff_ffff]), ipv6: IntervalSet([0xff << 120...UInt128.max]))
        ).isEmpty
    }
}
