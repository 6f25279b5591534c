internal import Addressing

/// The sources whose packets arrive on each class of interfaces, by the routes back to them.
struct Arrivals {
    /// The sources by class; `nil` if the routes are not known.
    private let sources: [InterfaceClass: AddressSet]?
    /// The sources to which no route is known: they may arrive anywhere.
    private let unrouted: AddressSet
    /// The classes that an interface of the host is in.
    private let present: Set<InterfaceClass>

    init(_ routes: Routes?, _ interfaces: [InterfaceClass]) {
        present = interfaces.present(routes)
        guard let arrivals = routes?.arrivals() else {
            (sources, unrouted) = (nil, AddressSet())
            return
        }
        var sources: [InterfaceClass: AddressSet] = [:]
        var routed = AddressSet()
        for (name, addresses) in arrivals {
            routed = routed.union(addresses)
            guard let fitting = interfaces.fitting(name) else { continue }
            sources[fitting] = sources[fitting, default: AddressSet()].union(addresses)
        }
        self.sources = sources
        unrouted = AddressSet.any.subtracting(routed)
    }

    /// The segment without the sources that cannot arrive there.
    func limit(_ segment: AccessRegions.Segment, _ key: AccessRegions.Key, _ space: SourceSpace)
        -> AccessRegions.Segment
    {
        guard let sources, segment.open != space.none else { return segment }
        let here =
            present.contains(key.interface) ? unrouted.union(sources[key.interface] ?? AddressSet()) : AddressSet()
        let spans =
            key.family == .ipv4
            ? IntervalSet(here.ipv4.ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) }) : here.ipv6
        var limited = segment
        limited.open = space.canonical(space.intersection(segment.open, space.number(spans)))
        return limited
    }
}

extension [InterfaceClass] {
    /// The classes that an interface of the host is in, except `lo`; all of them if the interfaces are not known, or if
    /// there is no other.
    func present(_ routes: Routes?) -> Set<InterfaceClass> {
        let names = routes?.outerInterfaces ?? []
        let found = Set(names.compactMap(fitting))
        return found.isEmpty ? Set(filter { $0 != .loopback }) : found
    }

    /// Whether one of these interfaces is in the class of all others.
    public func hasOther(among names: some Sequence<String>) -> Bool {
        names.contains { fitting($0)?.kind == .other }
    }

    /// The class of an interface: that of its name, of the longest matching prefix, or of all others.
    func fitting(_ name: String) -> InterfaceClass? {
        func length(_ kind: InterfaceClass.Kind) -> Int? {
            switch kind {
            case .named(let exact): exact == name ? .max : nil
            case .prefixed(let start): name.hasPrefix(start) ? start.count : nil
            case .other: 0
            }
        }
        return compactMap { candidate in length(candidate.kind).map { ($0, candidate) } }.max { $0.0 < $1.0 }?.1
    }
}
