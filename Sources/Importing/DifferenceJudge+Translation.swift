internal import Addressing
internal import Reachability
internal import Rulesets

extension DifferenceJudge {
    /// The ports that lead to another place than before, for sources that both rulesets let in.
    func targets(_ before: AccessRegions, _ after: AccessRegions) -> [ImportDifference] {
        let (was, willBe) = (before.translations, after.translations)
        guard Set(was) != Set(willBe) else { return [] }
        let old = Dictionary(grouping: was, by: \.key)
        let new = Dictionary(grouping: willBe, by: \.key)
        return Set(old.keys).union(new.keys).sorted(by: Self.precedes).flatMap { key in
            differences(key, old[key] ?? [], new[key] ?? [], open(key, before), open(key, after))
        }
    }

    private static func precedes(_ first: AccessRegions.Key, _ second: AccessRegions.Key) -> Bool {
        func order(_ key: AccessRegions.Key) -> [String] {
            [String(key.transport.rawValue + 100), key.family.rawValue, key.interface.pattern ?? "~"]
        }
        return order(first).lexicographicallyPrecedes(order(second))
    }

    /// The sources that are let in at a port.
    private func open(_ key: AccessRegions.Key, _ regions: AccessRegions) -> (UInt16) -> AddressSet {
        let profiles = regions.profiles(of: key.transport)
        return { port in
            let cells = profiles.first { $0.ports.contains(port) }?.cells ?? []
            return cells.first {
                $0.family == key.family && $0.interface == key.interface && $0.destination == key.destination
            }?.open ?? AddressSet()
        }
    }

    private func differences(
        _ key: AccessRegions.Key, _ old: [Translation], _ new: [Translation],
        _ before: (UInt16) -> AddressSet, _ after: (UInt16) -> AddressSet
    ) -> [ImportDifference] {
        let edges = (old + new).flatMap { $0.ports.ranges }.flatMap {
            [Int($0.lowerBound), Int($0.upperBound) + 1]
        }
        let cuts = Set(edges).sorted()
        return zip(cuts, cuts.dropFirst()).compactMap { lower, end in
            let ports = UInt16(lower)...UInt16(end - 1)
            let both = before(ports.lowerBound).intersection(after(ports.lowerBound))
            let (was, willBe) = (places(old, ports), places(new, ports))
            var moved = AddressSet()
            for place in Set(was.keys).union(willBe.keys) {
                let (one, other) = (was[place] ?? AddressSet(), willBe[place] ?? AddressSet())
                moved = moved.union(one.subtracting(other)).union(other.subtracting(one))
            }
            guard let sources = moved.intersection(both).possible else { return nil }
            func first(_ translations: [Translation]) -> Translation? {
                translations.first {
                    $0.ports.contains(ports.lowerBound) && !$0.sources.intersection(sources).isEmpty
                }
            }
            var difference = ImportDifference(
                kind: .narrower, transport: key.transport, ports: ports, family: key.family, sources: sources,
                interfaces: [key.interface.pattern],
                destinations: key.destination.addresses == nil ? [] : [key.destination])
            difference.subject = .target(
                first(old)?.targetPlace(ports) ?? .here, first(new)?.targetPlace(ports) ?? .here)
            difference.rule = first(old)?.rule
            return difference
        }
    }

    /// The sources of translations to each place.
    private func places(_ translations: [Translation], _ ports: ClosedRange<UInt16>) -> [String: AddressSet] {
        var places: [String: AddressSet] = [:]
        for translation in translations where translation.ports.contains(ports.lowerBound) {
            let place = translation.place(ports) ?? "\(translation.rule)"
            places[place] = (places[place] ?? AddressSet()).union(translation.sources)
        }
        return places
    }

    /// The rules that also translate what is dialled at addresses of other hosts, as no forward does.
    var elsewhere: [ImportDifference] {
        var seen: Set<ForwardPlan.Place> = []
        return AddressFamily.allCases.flatMap { family -> [ImportDifference] in
            guard let far = IPAddress.documentation(family, outside: circumstances.addresses) else { return [] }
            func translations(_ tables: [Table]) -> [Translation] {
                AccessRegions(tables, in: circumstances, path: .routed(to: far)).translations
            }
            let staying = Set(translations(new).map(\.rule))
            return translations(old).filter {
                !staying.contains($0.rule) && seen.insert(ForwardPlan.Place($0.rule)).inserted
            }.map { translation in
                let ports = translation.ports.ranges.first ?? 0...0
                var difference = ImportDifference(
                    kind: .narrower, transport: translation.key.transport, ports: ports, family: family,
                    sources: translation.sources, interfaces: [], destinations: [])
                difference.subject = .elsewhere
                difference.rule = translation.rule
                return difference
            }
        }
    }

    /// The packets that leave under this host's address by one ruleset alone.
    var masquerades: [ImportDifference] {
        let before = MasqueradeView(old, without: hairpins, in: circumstances)
        let after = MasqueradeView(new, in: circumstances)
        guard before.tables != after.tables else { return [] }
        let difference = AccessDifference(from: before.tables, to: after.tables, in: before.circumstances)
        let changes: [(ImportDifference.Kind, [AccessChange])] = [
            (.wider, difference.lost), (.narrower, difference.gained), (.unknown, difference.unknown),
        ]
        let hasOthers = hasOthers(than: InterfaceClass.all(in: before.tables + after.tables, circumstances.routes))
        var seen: Set<ImportDifference> = []
        return changes.flatMap { kind, changes in
            changes.filter { hasOthers || $0.interfaces != [nil] }.compactMap { masquerade(kind, $0) }
                .filter { seen.insert($0).inserted }
        }
    }

    /// A difference in the masqueraded packets, which is mostly the same for all protocols.
    private func masquerade(_ kind: ImportDifference.Kind, _ change: AccessChange) -> ImportDifference? {
        guard let sources = change.sources.possible else { return nil }
        let isWhole = change.ports == 0...UInt16.max
        var difference = ImportDifference(
            kind: kind, transport: isWhole ? nil : change.transport, ports: change.ports, family: change.family,
            sources: sources, interfaces: change.interfaces, destinations: [])
        difference.subject = .masquerade
        difference.rule = change.doubts.first
        return difference
    }
}

extension Translation {
    /// The same for a difference, without a port that is the dialled one.
    fileprivate func targetPlace(_ ports: ClosedRange<UInt16>) -> ImportDifference.TargetPlace {
        guard let target else { return .unknown }
        let port = target.port.flatMap { $0...$0 == ports ? nil : $0 }.map { " port \($0)" }
        guard let address = target.address else { return port.map { .there("this host\($0)") } ?? .here }
        return .there("\(address)\(port ?? "")")
    }

    /// The place to which connections to these ports go; `nil` if it is not known.
    fileprivate func place(_ ports: ClosedRange<UInt16>) -> String? {
        guard let target else { return nil }
        let port = target.port ?? (ports.count == 1 ? ports.lowerBound : nil)
        return (target.address.map { "\($0)" } ?? "this host") + (port.map { " port \($0)" } ?? "")
    }
}
