internal import Addressing
internal import Reachability
internal import Rulesets

/// The ports whose translations a policy can say as forwards.
struct ForwardPlan {
    /// A rule, by its place.
    struct Place: Hashable {
        let table: TableName
        let chain: String
        let index: Int?

        init(_ rule: RuleReference) { (table, chain, index) = (rule.table, rule.chain, rule.index) }
    }

    /// The ports of one forward.
    struct Entry {
        /// The protocol.
        let transport: TransportProtocol
        /// The ports: one, if the target has a port.
        let ports: ClosedRange<UInt16>
        /// The targets as a policy writes them.
        var targets: ForwardTargets
        /// The access of those ports, with the filters that forwarded packets pass.
        let cells: [AccessProfile.Cell]
        /// The rules that translate.
        let rules: Set<Place>
    }

    /// The ports that can be said.
    private(set) var entries: [Entry] = []
    /// The rules that translate other ports, too.
    private(set) var unsaid: Set<Place> = []
    /// The rules among them that leave clients of their ports alone.
    private(set) var partial: Set<Place> = []
    /// The rules that leave clients alone which reach every port of this host, and which a forward would send on.
    private(set) var diverting: Set<Place> = []
    /// The sources by interface that reach every port, and need no forward.
    private let everything: [InterfaceClass: AddressSet]

    private let naming: InterfaceNaming

    /// The plan of the access through all tables, filters of forwarded packets included.
    ///
    /// - Parameters:
    ///   - regions: the access.
    ///   - own: the addresses of this host, if they are known.
    ///   - naming: the names of the interfaces that the host has, or may have.
    init(_ regions: AccessRegions, own: AddressSet?, _ naming: InterfaceNaming) {
        self.naming = naming
        let all = regions.transports.flatMap(regions.profiles) + regions.profiles(of: .unnamed)
        everything = (all.flatMap(\.cells) + AddressFamily.allCases.flatMap(regions.echoRequests)).openEverywhere
        let translations = Dictionary(grouping: regions.translations, by: \.key.transport)
        for (transport, found) in translations.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            for profile in regions.profiles(of: transport) {
                for range in Self.parts(of: profile.ports.subtracting(IntervalSet([0...0])), found) {
                    add(transport, range, found.filter { $0.ports.contains(range.lowerBound) }, profile.cells, own)
                }
            }
        }
    }

    /// The entries and only the translations of these rules.
    func limited(to rules: Set<Place>) -> [Entry] { entries.filter { $0.rules.isSubset(of: rules) } }

    /// Ranges of ports with the same translations; single ports where they are few.
    private static func parts(of ports: IntervalSet<UInt16>, _ translations: [Translation]) -> [ClosedRange<UInt16>] {
        var pieces: [IntervalSet<UInt16>] = []
        for translated in Set(translations.map(\.ports)) {
            let inside = translated.intersection(ports)
            guard !inside.isEmpty else { continue }
            pieces =
                pieces.flatMap { [$0.intersection(inside), $0.subtracting(inside)] }
                + [pieces.reduce(inside) { $0.subtracting($1) }]
        }
        return pieces.flatMap(\.ranges).flatMap(\.parts)
            .sorted { $0.lowerBound < $1.lowerBound }
    }

    private mutating func add(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ found: [Translation],
        _ cells: [AccessProfile.Cell], _ own: AddressSet?
    ) {
        var used: [Translation] = []
        var isWhole = true
        let rules = Set(found.map { Place($0.rule) })
        for cell in cells {
            let clients = cell.open.subtracting(.impossible)
            let open = clients.subtracting(everything[cell.interface] ?? AddressSet())
            let dialled = found.filter { $0.key.family == cell.family && $0.key.destination == cell.destination }
            let here = dialled.filter { $0.key.interface == cell.interface }
            let translated = here.reduce(AddressSet()) { $0.union($1.sources) }
            if !dialled.isEmpty, !translated.isSuperset(of: clients), !naming.patterns([cell.interface]).isEmpty {
                diverting.formUnion(rules)
            }
            guard !open.isEmpty else { continue }
            used += here.filter { !$0.sources.intersection(open).isEmpty }
            if !translated.isSuperset(of: open) { isWhole = false }
        }
        guard isWhole, let targets = ForwardTargets(used, ports, own) else {
            unsaid.formUnion(rules)
            if !isWhole { partial.formUnion(rules) }
            return
        }
        entries.append(Entry(transport: transport, ports: ports, targets: targets, cells: cells, rules: rules))
    }
}

/// The targets of a forward as a policy writes them.
struct ForwardTargets: Hashable {
    /// At least one: `10.0.0.9:8443`, `10.0.0.9`, `:8080`.
    let texts: [String]
    /// The key `balance`, if it is not the default.
    let balance: String?
    /// The places, as far as they are known.
    private let places: Set<TranslationTarget>
    /// The networks of the targets whose clients reach them by an address of this host.
    var hairpin = AddressSet()
    /// The family of the targets, if all have an address of the same one.
    let onlyFamily: AddressFamily?

    /// The targets of the translations of the same ports; `nil` if a policy cannot say them.
    init?(_ translations: [Translation], _ ports: ClosedRange<UInt16>, _ own: AddressSet?) {
        var texts: [String] = []
        var methods: Set<Bool> = []
        for family in AddressFamily.allCases {
            let here = translations.filter { $0.key.family == family }
            let targets = Set(here.map(\.target))
            let doubts = here.flatMap(\.doubts)
            guard targets.count <= 1 && doubts.isEmpty || doubts.allSatisfy({ $0.rule?.chooses(targets.count) != nil })
            else { return nil }
            methods.formUnion(doubts.compactMap { $0.rule?.chooses(targets.count) })
            for target in targets {
                guard let text = target?.text(of: ports, own) else { return nil }
                if !texts.contains(text) { texts.append(text) }
            }
        }
        guard !texts.isEmpty, methods.count <= 1 else { return nil }
        self.texts = texts.sorted()
        places = Set(translations.compactMap(\.target))
        let addresses = Set(translations.map { $0.target?.address?.family })
        onlyFamily = addresses.count == 1 ? addresses.first ?? nil : nil
        balance = methods.first == true ? "round-robin" : nil
    }
}

extension ForwardTargets {
    /// The addresses of the targets on other hosts.
    var addresses: AddressSet { places.compactMap(\.address).reduce(AddressSet()) { $0.union(AddressSet($1)) } }

    /// The ports of the targets for connections to these ports.
    func ports(of dialled: ClosedRange<UInt16>) -> Set<UInt16> {
        Set(places.flatMap { $0.port.map { [$0] } ?? Array(dialled) })
    }
}

extension TranslationTarget {
    /// The target of connections to these ports as a policy writes it; `nil` if it is none of a forward.
    fileprivate func text(of ports: ClosedRange<UInt16>, _ own: AddressSet?) -> String? {
        var port = port
        if ports == ports.lowerBound...ports.lowerBound, port == ports.lowerBound { port = nil }
        guard port == nil || ports.count == 1 else { return nil }
        guard let address else { return port.map { ":\($0)" } }
        guard !AddressSet.loopback.union(own ?? AddressSet()).contains(address) else { return nil }
        guard let port else { return "\(address)" }
        return address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}

extension Rule {
    /// Whether it chooses one of so many places evenly, by turns (`true`) or by the client; `nil` if it does not.
    fileprivate func chooses(_ count: Int) -> Bool? {
        for case .number(let generator) in expressions where Int(generator.modulus) == count {
            switch generator.method {
            case .turn: return true
            case .hash: return false
            case .random: return nil
            }
        }
        return nil
    }
}
