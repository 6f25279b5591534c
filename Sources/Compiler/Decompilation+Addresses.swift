internal import Addressing
internal import Rulesets

/// A service that a chain leads to, and the addresses of the host for which it does.
struct DecompiledTarget {
    /// The name of the service.
    let service: String
    /// The addresses; `nil` for all.
    private(set) var addresses: AddressSet?

    /// The service of a chain; `nil` for a chain that is not a service's.
    init?(_ chain: String, at addresses: AddressSet?) {
        let prefixes = [Names.service(""), Names.forward("")]
        guard let prefix = prefixes.first(where: chain.hasPrefix) else { return nil }
        service = String(chain.dropFirst(prefix.count))
        self.addresses = addresses
    }
}

extension Table {
    /// The services that the chains of services with `addresses` lead to, by the name of the chain.
    var addressSwitches: [String: [DecompiledTarget]] {
        let prefixes = [Names.addresses(""), "port-"].flatMap { [$0, Names.translated($0)] }
        let found = chains.filter { chain in prefixes.contains { chain.name.hasPrefix($0) } }
        return Dictionary(uniqueKeysWithValues: found.map { ($0.name, targets(of: $0)) })
    }

    private func targets(of chain: Chain) -> [DecompiledTarget] {
        var targets: [String: AddressSet] = [:]
        for rule in chain.rules {
            if let match = SourceMatch(rule, in: [:], of: .destination), let target = match.rest.first?.target {
                targets[target] = targets[target, default: AddressSet()].union(match.addresses)
            } else if case .lookup(let lookup)? = rule.expressions.last, case .named(let name) = lookup.set {
                for (target, addresses) in addresses(inMap: name) {
                    targets[target] = targets[target, default: AddressSet()].union(addresses)
                }
            }
        }
        return targets.sorted { $0.key < $1.key }.compactMap { DecompiledTarget($0.key, at: $0.value) }
    }

    /// The addresses of a map by the chain that they lead to.
    private func addresses(inMap name: String) -> [String: AddressSet] {
        guard case .list(let elements)? = set(name)?.elements else { return [:] }
        let groups = Dictionary(grouping: elements) { $0.value?.chain ?? "" }
        return groups.mapValues { elements in
            var ipv4: [ClosedRange<UInt32>] = []
            var ipv6: [ClosedRange<UInt128>] = []
            for element in elements {
                let upper = element.upper ?? element.key
                if element.key.count == 4 {
                    let lower = UInt32(bigEndianBytes: element.key)
                    ipv4.append(lower...max(lower, UInt32(bigEndianBytes: upper)))
                } else {
                    let lower = UInt128(bigEndianBytes: element.key)
                    ipv6.append(lower...max(lower, UInt128(bigEndianBytes: upper)))
                }
            }
            return AddressSet(ipv4: ipv4, ipv6: ipv6)
        }
    }
}
