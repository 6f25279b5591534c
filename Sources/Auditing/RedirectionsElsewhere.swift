internal import Addressing
public import Policies
public import Reachability
public import Rulesets

extension [Finding] {
    /// Tables that redirect what is dialled at other addresses than this host's, such as those of a cluster: one notice each.
    ///
    /// The policy decides on ports of this host alone, so that such connections are left alone.
    public static func redirectionsElsewhere(
        of policy: Policy, by others: [Table], in circumstances: Circumstances
    ) -> [Finding] {
        guard policy.defaults.published == .enforce, let own = circumstances.addresses else { return [] }
        return others.compactMap { Finding(redirectionsBy: $0.withNativeExtensions, except: own, in: circumstances) }
    }
}

extension Finding {
    /// The most addresses that are tried for each table.
    private static let mostTried = 4

    /// A notice about a table that redirects what is dialled at an address outside of `own`; `nil` if none is found.
    fileprivate init?(redirectionsBy table: Table, except own: AddressSet, in circumstances: Circumstances) {
        guard table.redirects else { return nil }
        let dialled = table.testedDestinations.filter { !own.contains($0) && $0.isOfOneHost }
        for address in dialled.prefix(Self.mostTried) {
            guard let finding = Finding(table.withoutLaterHooks, at: address, in: circumstances) else { continue }
            self = finding
            return
        }
        return nil
    }

    /// A notice about a table that redirects what is dialled at an address; `nil` if it redirects nothing there.
    fileprivate init?(_ table: Table, at address: IPAddress, in circumstances: Circumstances) {
        let regions = AccessRegions([table], in: circumstances, path: .routed(to: address))
        guard let redirection = regions.redirections.first else { return nil }
        let port = redirection.transport.text(redirection.ports)
        let target = redirection.target.map { " (to \($0))" } ?? ""
        self.init(
            .foreignOverride, .notice,
            "table \(table.name) redirects connections to addresses that are not this host's, such as \(port) at "
                + "\(address)\(target): no service decides on them", table: table.name.description)
        details.aspect = "elsewhere"
    }
}

extension Table {
    /// Whether a chain translates destinations before routing.
    fileprivate var redirects: Bool { chains.contains(where: \.translatesDestinations) }

    /// The table with no chains of hooks after routing.
    fileprivate var withoutLaterHooks: Table {
        Table(name: name, flags: flags, chains: chains.filter(\.isPassedBeforeRouting), sets: sets)
    }

    /// The single destination addresses that rules test before routing or in chains that other chains call.
    fileprivate var testedDestinations: [IPAddress] {
        var seen: Set<IPAddress> = []
        let rules = chains.filter(\.isPassedBeforeRouting).flatMap(\.rules)
        return rules.flatMap(testedDestinations).filter { seen.insert($0).inserted }
    }

    private func testedDestinations(_ rule: Rule) -> [IPAddress] {
        var (address, found): (Payload?, [IPAddress]) = (nil, [])
        for expression in rule.expressions {
            switch expression {
            case .payload(let payload) where payload.isDestination: address = payload
            case .compare(let comparison)
            where comparison.operator == .equal && comparison.source == address?.destination:
                found += IPAddress(bigEndianBytes: comparison.value).map { [$0] } ?? []
            case .lookup(let lookup) where lookup.source == address?.destination && !lookup.isInverted:
                let length = Int(address?.length ?? 0)
                found += keys(of: lookup.set).compactMap { IPAddress(bigEndianBytes: Array($0.prefix(length))) }
            default: break
            }
        }
        return found
    }

    /// The keys of a set that lists them.
    private func keys(of target: Lookup.Target) -> [[UInt8]] {
        let elements: SetElements? =
            switch target {
            case .anonymous(let set): set.elements
            case .named(let name): set(name)?.elements
            }
        guard case .list(let list) = elements else { return [] }
        return list.map(\.key)
    }
}

extension Chain {
    /// Whether it is a base chain that translates destinations before routing.
    fileprivate var translatesDestinations: Bool {
        guard let base else { return false }
        return base.type == "nat" && base.hook == .prerouting
    }

    /// Whether packets may pass it before routing: as a base chain of that hook, or from one.
    fileprivate var isPassedBeforeRouting: Bool {
        guard let base else { return true }
        return base.hook == .prerouting
    }
}

extension Payload {
    /// Whether it is the destination address: RFC 791 3.1, RFC 8200 3.
    fileprivate var isDestination: Bool {
        base == .network && ((offset, length) == (16, 4) || (offset, length) == (24, 16))
    }
}

extension IPAddress {
    /// Whether it is neither a loopback, a multicast nor the broadcast address.
    fileprivate var isOfOneHost: Bool {
        switch self {
        case .ipv4(let value): !isLoopback && !isUnspecified && value >> 28 < 0xe
        case .ipv6(let value): !isLoopback && !isUnspecified && value >> 120 != 0xff
        }
    }
}
