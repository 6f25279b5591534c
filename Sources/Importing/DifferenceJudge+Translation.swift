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
            let first = old.first { $0.ports.contains(ports.lowerBound) }
            var difference = ImportDifference(
                kind: .narrower, transport: key.transport, ports: ports, family: key.family, sources: sources,
                interfaces: [key.interface.pattern],
                destinations: key.destination.addresses == nil ? [] : [key.destination])
            difference.subject = .target(first?.place(ports))
            difference.rule = first?.rule
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
        let before = MasqueradeView(old, in: circumstances)
        let after = MasqueradeView(new, in: circumstances)
        guard before.tables != after.tables else { return [] }
        let difference = AccessDifference(from: before.tables, to: after.tables, in: before.circumstances)
        let changes: [(ImportDifference.Kind, [AccessChange])] = [
            (.wider, difference.lost), (.narrower, difference.gained), (.unknown, difference.unknown),
        ]
        var seen: Set<ImportDifference> = []
        return changes.flatMap { kind, changes in
            changes.compactMap { masquerade(kind, $0) }.filter { seen.insert($0).inserted }
        }
    }

    /// The connections that this host may begin by one ruleset alone, from ordinary source ports and then from these.
    func outbound(_ sourcePorts: [ClosedRange<UInt16>]) -> [ImportDifference] {
        func filters(_ tables: [Table]) -> [Chain] {
            tables.flatMap(\.chains).filter { $0.base?.type == "filter" && $0.base?.hook == .output }
        }
        guard filters(old) != filters(new) else { return [] }
        let difference = AccessDifference(from: old, to: new, in: circumstances, path: .leaving)
        return difference.changes.compactMap { outbound($0, $1) } + unnamedOutbound(difference)
            + rareOutbound(sourcePorts, besides: difference)
    }

    /// The differences in protocols that no rule names.
    private func unnamedOutbound(_ difference: AccessDifference) -> [ImportDifference] {
        func cells(_ regions: AccessRegions) -> [AccessProfile.Cell] {
            regions.profiles(of: .unnamed).flatMap(\.cells)
        }
        let (before, after) = (cells(difference.before), cells(difference.after))
        var found: [ImportDifference: (interfaces: Set<String?>, users: [SocketUser])] = [:]
        for (was, willBe) in zip(before, after) {
            for (kind, part) in Self.parts(was, willBe) where !part.subtracting(.loopback).isEmpty {
                var difference = ImportDifference(
                    kind: kind, transport: nil, ports: 0...UInt16.max, family: was.family,
                    sources: part.subtracting(.loopback).simplified(with: .loopback), interfaces: [], destinations: [])
                difference.subject = .outbound([])
                found[difference, default: ([], [])].interfaces.insert(was.interface.pattern)
                if let user = was.user, found[difference]?.users.contains(user) == false {
                    found[difference]?.users.append(user)
                }
            }
        }
        let (places, users) = (Set(before.map(\.interface.pattern)), Set(before.compactMap(\.user)).count)
        return found.filter { $0.value.interfaces != [nil] || hasOthers(leaving: true) }.map { difference, rest in
            var difference = difference
            difference.subject = .outbound(rest.users.count == users ? [] : rest.users)
            difference.interfaces = rest.interfaces == places ? [] : rest.interfaces.sorted { ($0 ?? "") < ($1 ?? "") }
            return decided(difference, rest.users)
        }.sorted { ($0.kind.rawValue, $0.family.rawValue) < ($1.kind.rawValue, $1.family.rawValue) }
    }

    /// What only one ruleset lets through, and what it is not known of.
    private static func parts(
        _ was: AccessProfile.Cell, _ willBe: AccessProfile.Cell
    ) -> [(ImportDifference.Kind, AddressSet)] {
        let doubtful = was.unknown.union(willBe.unknown)
        return [
            (.wider, willBe.open.subtracting(was.open).subtracting(doubtful)),
            (.narrower, was.open.subtracting(willBe.open).subtracting(doubtful)), (.unknown, doubtful),
        ]
    }

    /// The differences for packets from source ports that rules tell apart.
    private func rareOutbound(
        _ ranges: [ClosedRange<UInt16>], besides difference: AccessDifference
    ) -> [ImportDifference] {
        let known = Set(difference.changes.map(\.change.subject))
        return ranges.flatMap { range -> [ImportDifference] in
            var circumstances = circumstances
            circumstances.sourcePort = range.lowerBound
            let judge = DifferenceJudge(old: old, new: new, own: own, circumstances: circumstances)
            let changes = AccessDifference(from: old, to: new, in: circumstances, path: .leaving).changes
            return changes.filter { !known.contains($0.change.subject) }.compactMap { kind, change in
                var result = judge.outbound(kind, change)
                result?.sourcePorts = range
                return result
            }
        }.joinedBySourcePorts
    }

    private func outbound(_ kind: ImportDifference.Kind, _ change: AccessChange) -> ImportDifference? {
        if change.interfaces == [nil], !hasOthers(leaving: true) { return nil }
        let destinations = change.sources.subtracting(.loopback)
        guard !destinations.isEmpty, !change.transport.hasPorts || change.ports.upperBound > 0 else { return nil }
        var difference = ImportDifference(
            kind: kind, transport: change.transport, ports: change.ports, family: change.family,
            sources: destinations.simplified(with: .loopback), interfaces: change.interfaces, destinations: [])
        difference.subject = .outbound(change.users)
        if kind == .unknown { difference.rule = change.doubts.first }
        return decided(difference, change.users)
    }

    /// The difference with the rule that decides, unless it is not known.
    private func decided(_ difference: ImportDifference, _ users: [SocketUser]) -> ImportDifference {
        var difference = difference
        guard difference.kind != .unknown, let witness = difference.sources.witness.flatMap({ IPAddress($0) }) else {
            return difference
        }
        var packet = Packet(
            transport: difference.transport ?? .unnamed, port: difference.ports.upperBound, from: witness,
            interface: difference.interfaces.first.flatMap { $0?.replacing("*", with: "0") } ?? "eth0")
        packet.user = users.first ?? SocketUser.none
        func decision(_ tables: [Table]) -> RuleReference? {
            PacketEvaluation.conclude(packet, through: tables, in: circumstances, path: .leaving).decision
        }
        difference.rule = decision(old)
        if difference.kind == .wider, let accepting = decision(new), accepting.table == own {
            difference.isNeeded = accepting.chain == "output" || accepting.chain.hasPrefix("outbound-")
        }
        return difference
    }

    /// A difference in the masqueraded packets, which is mostly the same for all protocols.
    private func masquerade(_ kind: ImportDifference.Kind, _ change: AccessChange) -> ImportDifference? {
        if change.interfaces == [nil], !hasOthers(leaving: true) { return nil }
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
    /// The place to which connections to these ports go; `nil` if it is not known.
    fileprivate func place(_ ports: ClosedRange<UInt16>) -> String? {
        guard let target else { return nil }
        let port = target.port ?? (ports.count == 1 ? ports.lowerBound : nil)
        return (target.address.map { "\($0)" } ?? "this host") + (port.map { " port \($0)" } ?? "")
    }
}
