public import Addressing
internal import Rulesets

/// A class of addresses of this host that the rulesets do not distinguish when they choose a chain by the destination.
public struct DestinationClass: Hashable, Sendable {
    /// The addresses; `nil` for all of them, where no ruleset chooses a chain by the destination.
    public var addresses: AddressSet?
    /// Whether these are the addresses that no ruleset names.
    public var isRest = false
    /// The possible destinations in an evaluation; `nil` for those of the circumstances.
    var possible: AddressSet?

    /// Every address.
    public static let all = DestinationClass()

    /// Hashes the first address alone, since classes are disjoint, and one may have thousands of ranges.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(isRest)
        hasher.combine(addresses?.ipv4.ranges.first)
        hasher.combine(addresses?.ipv6.ranges.first)
    }

    /// The sort key: the lowest address, the rest last.
    public var order: UInt128 { isRest ? .max : addresses?.lowest ?? 0 }

    /// Whether the address is in the class.
    public func contains(_ address: IPAddress) -> Bool { addresses?.contains(address) ?? true }

    /// The classes of a family that the rulesets distinguish, those with the lowest addresses first, and the rest last.
    ///
    /// - Parameters:
    ///   - tables: the rulesets.
    ///   - family: the family.
    ///   - host: the addresses of this host; `nil` if they are not known.
    /// - Returns: the classes; one with all addresses where the rulesets distinguish none.
    static func all(in tables: [Table], _ family: AddressFamily, of host: AddressSet?) -> [DestinationClass] {
        var finder = DestinationChoices(family: family)
        for table in tables { finder.search(table) }
        guard !finder.choices.isEmpty else { return [.all] }
        let parts = finder.parts.sorted { $0.lowest < $1.lowest }
        let named = AddressSet(
            ipv4: parts.flatMap(\.ipv4.ranges), ipv6: parts.flatMap(\.ipv6.ranges))
        let others = AddressSet.all(of: family).subtracting(named)
        let classes = parts.flatMap { Self.named($0, of: host) }
        if others.isEmpty { return classes }
        // Where all addresses of the host are named, there is no other to dial.
        if let host, !host.part(of: family).isEmpty, host.part(of: family).intersection(others).isWithinLoopback {
            return classes
        }
        let own = (host?.intersection(others)).flatMap { $0.isWithinLoopback ? nil : $0 }
        return classes + [DestinationClass(addresses: others, isRest: true, possible: own ?? others.one)]
    }

    /// The most addresses of a host that are told apart.
    private static let most = 16

    /// One class for each address of a family that others can dial; `nil` for more than 16, and unless there are two.
    static func each(of host: AddressSet, _ family: AddressFamily) -> [DestinationClass]? {
        let own = host.part(of: family).subtracting(.loopback).singles
        guard (2...most).contains(own.count) else { return nil }
        return own.map { DestinationClass(addresses: AddressSet($0), possible: AddressSet($0)) }
    }

    /// The classes of addresses that lead to the same chains: one for each of the host's, since other rules may distinguish
    /// them; the host's first one stands for those that it does not have.
    private static func named(_ addresses: AddressSet, of host: AddressSet?) -> [DestinationClass] {
        let own = (host?.intersection(addresses).subtracting(.loopback).singles ?? []).map { AddressSet($0) }
        guard let first = own.first else { return [DestinationClass(addresses: addresses, possible: addresses.one)] }
        let others = own.dropFirst()
        let taken = AddressSet(ipv4: others.flatMap(\.ipv4.ranges), ipv6: others.flatMap(\.ipv6.ranges))
        let rest = addresses.subtracting(taken)
        return [DestinationClass(addresses: rest, possible: first)]
            + others.map { DestinationClass(addresses: $0, possible: $0) }
    }
}

extension AddressSet {
    /// Every address of a family.
    fileprivate static func all(of family: AddressFamily) -> AddressSet {
        family == .ipv4 ? AddressSet(ipv4: .all) : AddressSet(ipv6: .all)
    }

    fileprivate func part(of family: AddressFamily) -> AddressSet {
        family == .ipv4 ? AddressSet(ipv4: ipv4) : AddressSet(ipv6: ipv6)
    }

    fileprivate var isWithinLoopback: Bool { AddressSet.loopback.isSuperset(of: self) }

    /// One address of the set; `nil` for the empty set.
    fileprivate var one: AddressSet? { witness.map { AddressSet($0) } }

    /// The addresses, each for itself, at most 64 of a range.
    fileprivate var singles: [IPAddress] {
        let most = 64
        return ipv4.ranges.flatMap { $0.prefix(most).map(IPAddress.ipv4) }
            + ipv6.ranges.flatMap { $0.prefix(most).map(IPAddress.ipv6) }
    }
}

/// Finds the addresses by which rulesets choose a chain: by a verdict map, or by a rule that just goes to one.
private struct DestinationChoices {
    /// Addresses that lead to a chain.
    struct Choice {
        let addresses: ClosedRange<UInt128>
        /// The place of the choice, and the chain.
        let target: [String]
    }

    let family: AddressFamily
    private(set) var choices: [Choice] = []

    init(family: AddressFamily) { self.family = family }

    mutating func search(_ table: Table) {
        for chain in table.chains {
            for rule in chain.rules { search(rule, chain, table) }
        }
    }

    private mutating func search(_ rule: Rule, _ chain: Chain, _ table: Table) {
        guard let rest = rule.afterDestination(of: family), let last = rest.last else { return }
        switch last {
        case .verdict(.goto(let target)):
            guard let range = rest.dropLast().range(width: width) else { return }
            choices.append(Choice(addresses: range, target: [table.name.name, chain.name, target]))
        case .lookup(let lookup) where rest.count == 1 && lookup.destination == .verdict:
            guard case .named(let name) = lookup.set, case .list(let elements)? = table.set(name)?.elements else {
                return
            }
            for element in elements where element.key.count == width {
                let lower = UInt128(bigEndianBytes: element.key)
                let upper = max(lower, UInt128(bigEndianBytes: element.upper ?? element.key))
                guard case .verdict(let verdict)? = element.value else { continue }
                choices.append(Choice(addresses: lower...upper, target: [table.name.name, chain.name, "\(verdict)"]))
            }
        default: break
        }
    }

    /// The length of an address in bytes.
    private var width: Int { family == .ipv4 ? 4 : 16 }

    /// The addresses that lead to the same chains, as disjoint sets.
    var parts: [AddressSet] {
        var edges: Set<UInt128> = []
        for choice in choices {
            edges.insert(choice.addresses.lowerBound)
            if choice.addresses.upperBound < .max { edges.insert(choice.addresses.upperBound + 1) }
        }
        let sorted = edges.sorted()
        let ascending = choices.sorted { $0.addresses.lowerBound < $1.addresses.lowerBound }
        var parts: [Set<[String]>: [ClosedRange<UInt128>]] = [:]
        var active: [Choice] = []
        var next = 0
        for (index, lower) in sorted.enumerated() {
            active.removeAll { $0.addresses.upperBound < lower }
            while next < ascending.count, ascending[next].addresses.lowerBound <= lower {
                active.append(ascending[next])
                next += 1
            }
            guard !active.isEmpty else { continue }
            let upper = index + 1 < sorted.count ? sorted[index + 1] - 1 : .max
            parts[Set(active.map(\.target)), default: []].append(lower...upper)
        }
        return parts.values.map { ranges in
            family == .ipv6
                ? AddressSet(ipv4: [], ipv6: ranges)
                : AddressSet(ipv4: ranges.map { UInt32($0.lowerBound)...UInt32($0.upperBound) }, ipv6: [])
        }
    }
}

extension Rule {
    /// The expressions after the load of the destination address, with which the rule begins; `nil` for other rules.
    fileprivate func afterDestination(of family: AddressFamily) -> ArraySlice<Expression>? {
        let number = (family == .ipv4 ? TableFamily.ipv4 : .ipv6).rawValue
        guard expressions.count > 3, case .meta(.networkProtocol, into: .first) = expressions[0],
            case .compare(let comparison) = expressions[1], comparison.operator == .equal, comparison.value == [number],
            case .payload(let payload) = expressions[2], payload.base == .network,
            // RFC 791 3.1, RFC 8200 3.
            payload.offset == (family == .ipv4 ? 16 : 24), payload.length <= (family == .ipv4 ? 4 : 16)
        else { return nil }
        return expressions[3...]
    }
}

extension ArraySlice<Expression> {
    /// The addresses of `width` bytes that these comparisons of the first register allow; `nil` for other expressions.
    fileprivate func range(width: Int) -> ClosedRange<UInt128>? {
        switch (first, dropFirst().first, count) {
        case (.compare(let equal)?, nil, 1) where equal.operator == .equal && equal.value.count <= width:
            let padding = width - equal.value.count
            return Self.range(
                equal.value + Array(repeating: 0, count: padding), equal.value + Array(repeating: .max, count: padding))
        case (.bitwise(let bitwise)?, .compare(let equal)?, 2) where equal.operator == .equal:
            return Self.range(equal.value, zip(equal.value, bitwise.mask).map { $0 | ~$1 })
        case (.compare(let lower)?, .compare(let upper)?, 2)
        where lower.operator == .greaterOrEqual && upper.operator == .lessOrEqual:
            return Self.range(lower.value, upper.value)
        case (.range(let range)?, nil, 1) where !range.isInverted: return Self.range(range.lower, range.upper)
        default: return nil
        }
    }

    private static func range(_ lower: [UInt8], _ upper: [UInt8]) -> ClosedRange<UInt128>? {
        let (first, last) = (UInt128(bigEndianBytes: lower), UInt128(bigEndianBytes: upper))
        return first <= last ? first...last : nil
    }
}
