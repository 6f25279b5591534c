internal import Addressing

/// Collects changes, and merges interfaces and destinations with the same change.
///
/// A host may have thousands of addresses: most changes are the same at all but a few, and only those few are kept.
struct ChangeCollector {
    private struct Subject: Hashable {
        let transport: TransportProtocol
        let family: AddressFamily
        let change: AccessDifference.Change
        let user: SocketUser?
    }

    /// The places of a change.
    private struct Places {
        /// The interfaces of a change at all destinations, each with the positions of those where it is not the same.
        var common: [(interface: InterfaceClass, except: [Int])] = []
        /// The interfaces of changes at one destination, by its position.
        var own: [Int: [InterfaceClass]] = [:]
    }

    /// The same change on the same interfaces, at some destinations.
    private typealias Group = (interfaces: [InterfaceClass], destinations: [DestinationClass])

    private let interfaces: [InterfaceClass]
    private let order: [InterfaceClass: Int]
    private let destinations: DestinationClasses
    /// The classes of users; none for packets that arrive.
    private let users: [SocketUser]
    private var found: [Subject: Places] = [:]

    init(_ interfaces: [InterfaceClass], _ destinations: DestinationClasses, _ users: [SocketUser] = []) {
        self.interfaces = interfaces
        self.users = users
        self.destinations = destinations
        order = Dictionary(uniqueKeysWithValues: interfaces.enumerated().map { ($1, $0) })
    }

    /// Adds the changes of one kind on an interface.
    mutating func add(
        _ comparison: AccessDifference.Comparison,
        _ kind: KeyPath<AccessDifference.Changes, [AccessDifference.Change]>
    ) {
        let (key, common) = (comparison.key, comparison.common[keyPath: kind])
        func subject(_ change: AccessDifference.Change) -> Subject {
            Subject(transport: key.transport, family: key.family, change: change, user: key.user)
        }
        var except: [[Int]] = Array(repeating: [], count: common.count)
        for exception in comparison.exceptions {
            let touched = common.touching(exception.ports)
            for index in touched { except[index].append(exception.position) }
            for change in exception.changes[keyPath: kind].joined(with: touched.map { common[$0] }, exception.ports) {
                found[subject(change), default: Places()].own[exception.position, default: []].append(key.interface)
            }
        }
        for (change, except) in zip(common, except) {
            found[subject(change), default: Places()].common.append((key.interface, except))
        }
    }

    /// The changes by protocol, port and family.
    func changes(_ spaces: SourceSpaces, _ rules: RuleNumbers) -> [AccessChange] {
        let ordinary = interfaces.filter { $0 != .loopback }
        let changes = found.flatMap { subject, places in
            groups(places, destinations[subject.family]).map { group in
                AccessChange(
                    transport: subject.transport, ports: subject.change.ports, family: subject.family,
                    sources: spaces.addresses(subject.change.sources, subject.family),
                    interfaces: ordinary.allSatisfy(group.interfaces.contains) ? [] : group.interfaces.map(\.pattern),
                    destinations: group.destinations, users: subject.user.map { [$0] } ?? [],
                    doubts: subject.change.doubts.map { rules.all[$0] })
            }
        }
        let ordered = joined(changes).map { ($0.order, $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
        return ordered.map(\.1)
    }

    /// The same change of several users as one; without users if it is that of all.
    private func joined(_ changes: [AccessChange]) -> [AccessChange] {
        guard !users.isEmpty else { return changes }
        let groups = Dictionary(grouping: changes) { change in
            var subject = change
            subject.users = []
            return subject
        }
        return groups.map { subject, same in
            var change = subject
            let concerned = Set(same.flatMap(\.users))
            change.users = concerned.count == users.count ? [] : users.filter(concerned.contains)
            return change
        }
    }

    /// The destinations with the same interfaces, together; none for all of them.
    private func groups(_ places: Places, _ all: [DestinationClass]) -> [Group] {
        let usual = places.common.map(\.interface)
        let special = exceptions(places, usual)
        var positions: [[InterfaceClass]: [Int]] = [:]
        for (position, interfaces) in special where !interfaces.isEmpty {
            positions[interfaces, default: []].append(position)
        }
        var groups: [Group] = positions.map { interfaces, positions in
            (
                interfaces: interfaces,
                destinations: positions.count == all.count ? [] : positions.sorted().map { all[$0] }.joined
            )
        }
        if !usual.isEmpty, special.count < all.count {
            let others = special.isEmpty ? [] : all.indices.filter { special[$0] == nil }.map { all[$0] }
            groups.append((interfaces: usual, destinations: others.joined))
        }
        return groups
    }

    /// The interfaces at each destination where they are not the usual ones.
    private func exceptions(_ places: Places, _ usual: [InterfaceClass]) -> [Int: [InterfaceClass]] {
        var missing: [Int: [InterfaceClass]] = [:]
        for (interface, except) in places.common {
            for position in except { missing[position, default: []].append(interface) }
        }
        var special: [Int: [InterfaceClass]] = [:]
        for position in Set(missing.keys).union(places.own.keys) {
            let left = missing[position].map { gone in usual.filter { !gone.contains($0) } } ?? usual
            let here = (left + (places.own[position] ?? [])).sorted { order[$0] ?? 0 < order[$1] ?? 0 }
            if here != usual { special[position] = here }
        }
        return special
    }
}

extension [AccessDifference.Change] {
    /// These changes at some ports, and the parts of others at all other ports, ascending.
    fileprivate func joined(with others: Self, _ ports: IntervalSet<UInt16>) -> Self {
        let outside = others.flatMap { other in
            IntervalSet(other.ports).subtracting(ports).ranges.map { range in
                var part = other
                part.ports = range
                return part
            }
        }
        var result: Self = []
        for change in (self + outside).sorted(by: { $0.ports.lowerBound < $1.ports.lowerBound }) {
            result.append(joining: change)
        }
        return result
    }
}

extension [DestinationClass] {
    /// More named classes than these are one.
    private static var most: Int { 64 }

    /// The same addresses, in one class with a name where there are many: a change may be the same at thousands.
    fileprivate var joined: Self {
        let named = filter { !$0.isRest }
        guard named.count > Self.most else { return self }
        let all = AddressSet(
            ipv4: named.flatMap { $0.addresses?.ipv4.ranges ?? [] },
            ipv6: named.flatMap { $0.addresses?.ipv6.ranges ?? [] })
        return [DestinationClass(addresses: all)] + filter(\.isRest)
    }
}
