internal import Addressing

/// Finds entries of source lists that add nothing, since the others together have every address of theirs.
struct SourceRedundancy {
    /// An entry without effect.
    struct Entry {
        /// Its place in the list.
        let index: Int
        /// The entry as written.
        let text: String
        /// What has its addresses already, in words.
        let cover: String
    }

    private let groups: [String: AddressSet]
    private let denied: AddressSet

    /// Longer lists are a machine's, which need not be terse.
    private static let maximumEntries = 200
    /// How many entries of a cover are named.
    private static let namedEntries = 3

    init(_ policy: Policy) {
        groups = Dictionary(policy.groups.map { ($0.name, $0.addresses) }) { first, _ in first }
        denied = policy.deny?.addresses ?? AddressSet()
    }

    /// The entries of a service's list that add nothing, or that `deny` keeps out.
    func entries(ofService list: SourceList) -> [Entry] {
        let addresses = list.entries.map(addresses)
        let refused =
            denied.isEmpty
            ? []
            : list.entries.indices.filter { index in
                !addresses[index].isEmpty && denied.isSuperset(of: addresses[index])
            }
        let covered = entries(of: list, addresses)
        return refused.map { Entry(index: $0, text: list.entries[$0], cover: "\"deny\" covers it") }
            + covered.filter { entry in !refused.contains { list.entries[$0] == entry.text } }
    }

    /// The entries of a list of several files that the others cover; what covers one of another file is named with its place.
    func entries(of list: SourceList, at places: [Place]) -> [Entry] {
        entries(of: list, list.entries.map(addresses), places)
    }

    private func entries(of list: SourceList, _ addresses: [AddressSet], _ places: [Place] = []) -> [Entry] {
        guard (2...Self.maximumEntries).contains(list.entries.count), !addresses.areShortAndApart else { return [] }
        var kept = Set(list.entries.indices)
        var found: [Entry] = []
        // From the last: of two that are the same the first is the one that is meant.
        for index in list.entries.indices.reversed() where !addresses[index].isEmpty {
            let others = kept.subtracting([index]).sorted().filter {
                !addresses[$0].intersection(addresses[index]).isEmpty
            }
            let union = others.reduce(AddressSet()) { $0.union(addresses[$1]) }
            guard !others.isEmpty, union.isSuperset(of: addresses[index]) else { continue }
            kept.remove(index)
            let names = others.prefix(Self.namedEntries).map { other in
                let name = Printable.quoted(list.entries[other])
                guard !places.isEmpty, places[other].file !== places[index].file else { return name }
                return "\(name) of \(places[other].description)"
            }
            let rest = others.count > Self.namedEntries ? " and \(others.count - Self.namedEntries) more" : ""
            found.append(
                Entry(
                    index: index, text: list.entries[index],
                    cover: "\(names.joined(separator: ", "))\(rest) \(others.count == 1 ? "covers" : "cover") it"))
        }
        return found.reversed()
    }

    private func addresses(_ entry: String) -> AddressSet {
        if entry == "any" { return .any }
        if let group = groups[entry] { return group }
        return switch try? AddressRange(entry) {
        case .ipv4(let range)?: AddressSet(ipv4: [range], ipv6: [])
        case .ipv6(let range)?: AddressSet(ipv4: [], ipv6: [range])
        case nil: AddressSet()
        }
    }
}

extension [AddressSet] {
    /// Whether they are at most a range each on average, and no two have an address in common: quickly seen, and usual.
    fileprivate var areShortAndApart: Bool {
        guard reduce(0, { $0 + $1.ipv4.ranges.count + $1.ipv6.ranges.count }) <= count else { return false }
        return flatMap(\.ipv4.ranges).areApart() && flatMap(\.ipv6.ranges).areApart()
    }
}

extension Array {
    fileprivate func areApart<Bound>() -> Bool where Element == ClosedRange<Bound> {
        let ascending = sorted { $0.lowerBound < $1.lowerBound }
        return zip(ascending, ascending.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
    }
}
