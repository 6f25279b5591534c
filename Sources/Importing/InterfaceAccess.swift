internal import Addressing
internal import Reachability

/// Sources with access by some interfaces: what one entry of `allow` says.
struct InterfaceAccess: Hashable {
    /// The sources.
    var sources: AddressSet
    /// The interfaces as a policy writes them; empty for all.
    var interfaces: [String]
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
        let ordered = more.map { InterfaceAccess(sources: $0, interfaces: names.patterns($1)) }
        return entries
            + ordered.filter { !$0.interfaces.isEmpty }.sorted {
                $0.interfaces.joined(separator: ",") < $1.interfaces.joined(separator: ",")
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
            kind.pattern.map { [$0] } ?? present.filter { name in !self.classes.contains { $0.names(name) } }
        }.sorted()
    }
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
