internal import Addressing
internal import Importing
internal import Printing
internal import Reachability

/// Differences with one cause, in a line.
///
/// Differences that differ only in their interfaces, this host's addresses, their ports or their sources share the line; others by the
/// same rule are counted.
struct DifferenceGroup {
    /// Differences that are said together: all of their places differ for all of their sources.
    private var differences: [ImportDifference]
    /// Other differences by the same rule.
    private var others: [Self] = []

    /// Their number.
    var more: Int { others.reduce(0) { $0 + $1.differences.count } }

    /// More ports, or ranges of them, than these are counted.
    private static let shownPorts = 10

    /// The groups of differences, in the order of the first of each.
    static func all(of differences: [ImportDifference]) -> [Self] {
        let alike = differences.map { Self(differences: [$0]) }
            .joined { Subject($0, isAtInterfaces: false) }
            .joined { Subject($0, hasAddresses: false) }
            .joined { Subject($0, hasPorts: false) }
            .joined { Subject($0, hasSources: false) }
        var places: [String: Int] = [:]
        var groups: [Self] = []
        for group in alike {
            let cause = "\(group.first.sign) \(group.first.reason)"
            if let place = places[cause], group.first.rule != nil {
                groups[place].others.append(group)
            } else {
                places[cause] = groups.count
                groups.append(group)
            }
        }
        return groups
    }

    /// The first of the differences, with the interfaces, the addresses and the sources of all.
    var first: ImportDifference {
        var first = differences[0]
        first.interfaces =
            differences.contains(where: \.interfaces.isEmpty)
            ? [] : Set(differences.flatMap(\.interfaces)).sorted { ($0 ?? "~") < ($1 ?? "~") }
        let addresses = Set(differences.map(\.destinations))
        first.destinations = addresses.contains([]) ? [] : addresses.flatMap(\.self)
        first.sources = differences.reduce(AddressSet()) { $0.union($1.sources) }
        return first
    }

    /// The line.
    var text: String {
        let own = ports
        return "\(first.sign) \(first.text(ports: own.listed(atMost: Self.shownPorts)))\(rest(besides: own))"
    }

    /// The number of the others, and their ports that are not among these.
    private func rest(besides own: [String]) -> String {
        guard more > 0 else { return "" }
        var ports: [String] = []
        for port in others.flatMap(\.ports) where !own.contains(port) && !ports.contains(port) { ports.append(port) }
        return " (and \(more) more by this rule\(ports.isEmpty ? "" : ": \(ports.listed(atMost: Self.shownPorts))"))"
    }

    /// The ports as ranges, each with its protocol.
    private var ports: [String] {
        var texts: [String] = []
        for difference in differences {
            let alike = differences.filter { $0.transport == difference.transport }
            let ranges = IntervalSet(alike.map(\.ports)).ranges
            for range in ranges {
                var whole = difference
                whole.ports = range
                if !texts.contains(whole.portText) { texts.append(whole.portText) }
            }
        }
        return texts
    }

    /// The parts in which groups that become one are equal.
    private struct Subject: Hashable {
        private var rest: ImportDifference
        private let interfaces: [String?]?
        private let addresses: Set<[DestinationClass]>?
        private let ports: [String]?
        private let sources: AddressSet?

        init(
            _ group: DifferenceGroup, isAtInterfaces: Bool = true, hasAddresses: Bool = true, hasPorts: Bool = true,
            hasSources: Bool = true
        ) {
            let first = group.first
            interfaces = isAtInterfaces ? first.interfaces : nil
            addresses = hasAddresses ? Set(group.differences.map(\.destinations)) : nil
            ports = hasPorts ? group.ports : nil
            sources = hasSources ? first.sources : nil
            rest = first
            (rest.interfaces, rest.destinations, rest.transport, rest.ports) = ([], [], nil, 0...0)
            (rest.family, rest.sources) = (hasSources ? first.family : .ipv4, AddressSet())
        }
    }

    fileprivate mutating func join(_ other: Self) { differences += other.differences }
}

extension [DifferenceGroup] {
    /// The groups with those joined that have the same subject.
    fileprivate func joined<Subject: Hashable>(by subject: (Element) -> Subject) -> Self {
        var places: [Subject: Int] = [:]
        return reduce(into: []) { groups, group in
            let subject = subject(group)
            if let place = places[subject] { return groups[place].join(group) }
            places[subject] = groups.count
            groups.append(group)
        }
    }
}
