internal import Addressing
internal import Reachability
internal import Rulesets

extension DifferenceJudge {
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
}
