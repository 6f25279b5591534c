internal import Addressing
internal import Reachability
internal import Rulesets

/// Rules that refuse sources, and come after the rules that let these in, so that nothing in a policy stands for them.
struct IneffectiveRefusals {
    /// Sentences about them.
    let sentences: [String]

    /// No more rules than these are tried one by one: each needs the access of all sources.
    private static let mostTrials = 6

    /// The rules of some tables.
    ///
    /// - Parameters:
    ///   - regions: the access through the tables.
    ///   - tables: the tables.
    ///   - circumstances: those of the regions.
    init(_ regions: AccessRegions, _ tables: [Table], in circumstances: Circumstances) {
        let open = regions.cells.reduce(AddressSet()) { $0.union($1.open) }
        let candidates = tables.map(\.withNativeExtensions).filter { !$0.isOfNeighbour }.flatMap(\.refusalsOfSources)
            .filter { !$0.sources.intersection(open).isEmpty }.map(\.place)
        func changesNothing(_ places: [RuleReference]) -> Bool {
            AccessRegions(tables.map { $0.removing(places) }, in: circumstances).access == regions.access
        }
        let idle =
            candidates.isEmpty || changesNothing(candidates)
            ? candidates
            : candidates.count > Self.mostTrials ? [] : candidates.filter { changesNothing([$0]) }
        let verb = idle.count == 1 ? "comes" : "come"
        sentences =
            idle.names.map { ["Without effect: \($0) \(verb) after the rules that let these clients in."] } ?? []
    }
}

extension AccessRegions {
    /// The access at every place.
    fileprivate var cells: [AccessProfile.Cell] {
        (transports + [.unnamed]).flatMap(profiles).flatMap(\.cells)
            + AddressFamily.allCases.flatMap(echoRequests)
    }

    /// The ports and sources that are let in, without the rules that decide.
    fileprivate var access: [[AddressSet]: [ClosedRange<UInt16>]] {
        var access: [[AddressSet]: [ClosedRange<UInt16>]] = [:]
        for transport in transports + [.unnamed] {
            for profile in profiles(of: transport) {
                access[profile.cells.flatMap { [$0.open, $0.unknown] }, default: []] += profile.ports.ranges
            }
        }
        access[AddressFamily.allCases.flatMap(echoRequests).flatMap { [$0.open, $0.unknown] }, default: []] += []
        return access
    }
}

extension Table {
    /// The rules that refuse every packet of some sources.
    fileprivate var refusalsOfSources: [(place: RuleReference, sources: AddressSet)] {
        // Those of programs that ban clients decide where their rules lead to them, which is no part of a policy.
        chains.filter { $0.base?.type != "nat" && !isOfNeighbour($0) }.flatMap { chain in
            chain.rules.enumerated().compactMap { index, rule -> (place: RuleReference, sources: AddressSet)? in
                guard rule.refuses(in: name.family), rule.testsSourcesAlone, let sources = rule.sources(in: self) else {
                    return nil
                }
                return (RuleReference(table: name, chain: chain.name, index: index, rule: rule), sources)
            }
        }
    }

    /// The table without some rules, at their places before.
    fileprivate func removing(_ places: [RuleReference]) -> Table {
        let own = Dictionary(grouping: places.filter { $0.table == name }, by: \.chain)
            .mapValues { Set($0.compactMap(\.index)) }
        guard !own.isEmpty else { return self }
        return rewriting { chain in
            chain.rules.enumerated().filter { own[chain.name]?.contains($0.offset) != true }.map(\.element)
        }
    }
}

extension Rule {
    /// Whether it tests nothing but the source.
    fileprivate var testsSourcesAlone: Bool {
        expressions.allSatisfy { expression in
            switch expression {
            case .payload(let payload): payload.sourceFamily != nil
            case .meta(.networkProtocol, _), .compare, .range, .bitwise, .lookup, .counter, .log, .verdict, .reject:
                true
            case .xtables(let part): part.kind == .target
            default: false
            }
        }
    }
}
