internal import Addressing
internal import Reachability

/// Sources with access by some interfaces: what one entry of `allow` says.
struct InterfaceAccess: Hashable {
    /// The sources.
    var sources: AddressSet
    /// The interfaces as a policy writes them; empty for all.
    var interfaces: [String]
    /// The interfaces that rules leave out where they let in by all others; `nil` where they name the interfaces, or if
    /// `interfaces` is empty.
    var excluded: [String]?

    /// Whether it is that of `any`, perhaps with exceptions, by every interface.
    var isForAll: Bool {
        interfaces.isEmpty && AddressFamily.allCases.allSatisfy { sources.part($0).isMostOfItsFamily }
    }

    /// The access with a family that has it as a whole, but perhaps for a few addresses, apart from a list of addresses of the other one.
    ///
    /// In one list, `::/0` among trusted hosts would be overlooked.
    fileprivate var openFamilyApart: [Self] {
        let open = AddressFamily.allCases.filter { sources.part($0).isMostOfItsFamily }
        let rest = open.reduce(sources) { $0.subtracting(.all($1)) }
        guard open.count == 1, !rest.isEmpty else { return [self] }
        return [rest, sources.part(open[0])].map { part in
            var access = self
            access.sources = part
            return access
        }
    }
}

extension [InterfaceAccess] {
    /// The entries with those joined that differ only in the sources.
    var joinedBySources: Self {
        reduce(into: []) { result, next in
            let place = result.firstIndex { $0.interfaces == next.interfaces && $0.excluded == next.excluded }
            guard let place else { return result.append(next) }
            result[place].sources = result[place].sources.union(next.sources)
        }
    }
}

/// The sources that can connect by each class of interfaces.
struct AccessByInterface: Hashable {
    private(set) var sources: [InterfaceClass: AddressSet] = [:]

    /// The access in cells of one destination: those of both families together.
    init(_ cells: [AccessProfile.Cell]) {
        for cell in cells { sources[cell.interface] = (sources[cell.interface] ?? AddressSet()).union(cell.open) }
    }

    /// The access of these sources.
    init(_ sources: [InterfaceClass: AddressSet]) { self.sources = sources }

    /// Whether no source of another host can connect.
    func isClosed(but spare: [InterfaceClass: AddressSet]) -> Bool {
        sources.allSatisfy { interface, open in open.subtracting(spare[interface] ?? AddressSet()).isEmpty }
    }

    /// The entries that give this access; where the addresses of `spare` do not matter on an interface.
    ///
    /// An entry without interfaces holds on all of them, so it has only the sources that every interface lets in.
    func entries(sparing spare: [InterfaceClass: AddressSet], _ names: InterfaceNaming) -> [InterfaceAccess] {
        let spare = sources.keys.reduce(into: [:]) { $0[$1] = spare[$1] ?? AddressSet() }
        var everywhere = AddressSet.any
        for (interface, open) in sources {
            everywhere = everywhere.intersection(open.union(spare[interface] ?? AddressSet()))
        }
        let commonSpare = spare.values.reduce(AddressSet.any) { $0.intersection($1) }
        everywhere = everywhere.simplified(with: commonSpare)
        var entries: [InterfaceAccess] = []
        if !everywhere.isEmpty { entries.append(InterfaceAccess(sources: everywhere, interfaces: [])) }
        var more: [AddressSet: [InterfaceClass]] = [:]
        for (interface, open) in sources {
            let rest = open.subtracting(everywhere).simplified(
                with: (spare[interface] ?? AddressSet()).union(everywhere))
            if !rest.isEmpty { more[rest, default: []].append(interface) }
        }
        let ordered = more.map {
            InterfaceAccess(sources: $0, interfaces: names.patterns($1), excluded: names.exclusion($1))
        }
        entries += ordered.filter { !$0.interfaces.isEmpty }.sorted {
            $0.interfaces.joined(separator: ",") < $1.interfaces.joined(separator: ",")
        }
        return entries.flatMap(\.openFamilyApart)
    }

    /// Whether interfaces that no rule names have access which the others have not all.
    func isOpenToOthers(sparing spare: [InterfaceClass: AddressSet]) -> Bool {
        let open = sources.reduce(into: [:]) { $0[$1.key] = $1.value.union(spare[$1.key] ?? AddressSet()) }
        let everywhere = open.values.reduce(AddressSet.any) { $0.intersection($1) }
        return sources.contains { interface, sources in
            interface.kind == .other
                && !sources.subtracting(spare[interface] ?? AddressSet()).subtracting(everywhere).isEmpty
        }
    }
}

/// The names under which a policy can mean classes of interfaces.
struct InterfaceNaming {
    private let classes: [InterfaceClass]
    /// The interfaces of the host, without `lo`.
    private let present: [String]

    init(_ classes: [InterfaceClass], present: [String]) {
        self.classes = classes
        self.present = present.filter { $0 != "lo" }.sorted()
    }

    /// Every interface that the host has, for an entry that may not hold on all.
    var all: [String] { present }

    /// The patterns of some classes.
    ///
    /// No pattern stands for the interfaces that no rule names: the host's interfaces of that class are listed.
    func patterns(_ classes: [InterfaceClass]) -> [String] {
        classes.flatMap { kind in
            kind.pattern.map { [$0] } ?? others
        }.sorted()
    }

    /// The interfaces of the host that no rule names.
    var others: [String] { present.filter { name in !classes.contains { $0.names(name) } } }

    /// The interfaces that are in none of these classes, if the classes have all that no rule names, and with them later ones; `nil` if not.
    func exclusion(_ classes: [InterfaceClass]) -> [String]? {
        guard classes.contains(where: { $0.kind == .other }) else { return nil }
        return self.classes.filter { !classes.contains($0) }.compactMap(\.pattern).filter { $0 != "lo" }.sorted()
    }

    /// The interfaces that rules name.
    var named: [String] { classes.compactMap(\.pattern).filter { $0 != "lo" }.sorted() }
}

extension InterfaceClass {
    /// Whether the class, or one of its names, is more specific than "all others" for this interface.
    fileprivate func names(_ interface: String) -> Bool {
        switch kind {
        case .named(let name): name == interface
        case .prefixed(let start): interface.hasPrefix(start)
        case .other: false
        }
    }
}
