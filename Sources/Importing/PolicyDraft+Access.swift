internal import Addressing
internal import Reachability
internal import Rulesets

extension PolicyDraft {
    /// The policy with the access of these regions.
    ///
    /// - Parameters:
    ///   - regions: the access through all tables.
    ///   - tables: the tables.
    ///   - circumstances: those of the regions.
    ///   - interfaces: the interfaces that the host has, or that a rule names, as a policy writes them.
    ///   - translation: the translations that become lines.
    ///   - leaving: the lines for connections of this host.
    init(
        _ regions: AccessRegions, of tables: [Table], in circumstances: Circumstances, interfaces: Set<String>,
        _ translation: TranslationPlan, _ leaving: OutboundPlan
    ) {
        let survey = AccessSurvey(regions, tables, circumstances, interfaces, translation.forwards)
        groups = LiveGroup.all(in: tables)
        denied = survey.denied
        trusted = survey.trusted
        ping = survey.ping
        services = survey.services + survey.forwards
        masquerades = translation.masquerades
        kept = translation.kept.map(\.textWithoutComment)
        outbound = leaving.lines
        refusesOutbound = !leaving.chains.isEmpty
        doubts = Set(survey.doubts + leaving.doubts).sorted()
    }
}

/// The access through live tables, as the sections of a policy see it.
private struct AccessSurvey {
    private typealias Cell = AccessProfile.Cell

    private let regions: AccessRegions
    private let tables: [Table]
    private let circumstances: Circumstances
    private let profiles: [(transport: TransportProtocol, profile: AccessProfile)]
    private let echoes: [Cell]
    /// The access of a protocol that no rule names.
    private let others: [Cell]
    private let naming: InterfaceNaming
    let denied: AddressSet
    /// The sources by interface that are let in, or refused, on every port.
    private var decided: [InterfaceClass: AddressSet] = [:]
    private var everything: [InterfaceClass: AddressSet] = [:]
    private let forwarded: [ForwardPlan.Entry]

    init(
        _ regions: AccessRegions, _ tables: [Table], _ circumstances: Circumstances, _ interfaces: Set<String>,
        _ forwarded: [ForwardPlan.Entry]
    ) {
        self.forwarded = forwarded
        self.regions = regions
        self.tables = tables
        self.circumstances = circumstances
        profiles = regions.transports.flatMap { transport in
            regions.profiles(of: transport).map { (transport, $0) }
        }
        echoes = AddressFamily.allCases.flatMap(regions.echoRequests)
        others = regions.profiles(of: .unnamed).flatMap(\.cells)
        let classes = Array(Set(others.map(\.interface)))
        naming = InterfaceNaming(classes, present: interfaces.sorted())
        let cells = profiles.flatMap(\.profile.cells)
        denied = Self.denied(cells + echoes + others)
        everything = (cells + echoes + others).openEverywhere
        for interface in classes {
            decided[interface] = denied.union(.impossible).union(everything[interface] ?? AddressSet())
        }
    }

    /// The sources that nothing is open to, if some ports are open to all others.
    private static func denied(_ cells: [Cell]) -> AddressSet {
        var reached = AddressSet()
        for cell in Set(cells.map { $0.open.union($0.unknown) }) { reached = reached.union(cell) }
        return AddressFamily.allCases.map { family -> AddressSet in
            let rest = AddressSet.all(family).subtracting(reached).subtracting(.impossible)
            // Where most addresses are shut out, the others are let in by name.
            return reached.part(family).hasMost(of: family) ? rest : AddressSet()
        }.reduce(AddressSet()) { $0.union($1) }
    }

    /// The entries of `trusted`.
    var trusted: [PolicyDraft.Trusted] {
        let open = everything.mapValues { $0.subtracting(.impossible) }
        let spare = decided.mapValues { _ in denied.union(.impossible) }
        return AccessByInterface(open).entries(sparing: spare, naming).map { access in
            var access = access
            // Everything from everywhere needs a place, by the language: the interfaces that the host has.
            if access.interfaces.isEmpty, access.sources.isAny { access.interfaces = naming.all }
            return PolicyDraft.Trusted(access: access)
        }.filter { !$0.access.sources.isAny || !$0.access.interfaces.isEmpty }
    }

    /// Echo requests from the sources that every interface lets in: `ping` decides before `trusted`, and knows no interfaces.
    var ping: PolicyDraft.Ping {
        let spare = denied.union(.impossible)
        var sources = AddressSet.any
        for cell in echoes {
            let others = AddressSet.all(cell.family == .ipv4 ? .ipv6 : .ipv4)
            sources = sources.intersection(cell.open.union(spare).union(others))
        }
        sources = sources.simplified(with: spare)
        if sources.isEmpty { return .drop }
        let rate = pingRate
        return sources.isAny && rate == nil ? .accept : .from(sources, rate: rate)
    }

    /// The rate up to which echo requests are answered, if a rule limits them.
    private var pingRate: String? {
        for cell in echoes {
            guard let witness = cell.open.subtracting(denied).witness.flatMap({ IPAddress($0) }) else { continue }
            var packet = Packet(
                transport: EchoRequest.transport(cell.family), port: EchoRequest.port(cell.family), from: witness,
                interface: cell.interface.witness)
            packet.destination = circumstances.addresses?.first(cell.family, of: cell.destination)
            let conclusion = PacketEvaluation.conclude(packet, through: tables, in: circumstances)
            if conclusion.isLimited, let rate = conclusion.decision?.rule?.rateText { return rate }
        }
        return nil
    }

    /// The rules that make access unknown.
    var doubts: [String] {
        let all = (profiles.flatMap(\.profile.cells) + echoes + others).filter { !$0.unknown.isEmpty }.flatMap(\.doubts)
        return Set(all.map(\.description)).sorted()
    }

    /// One service for ports that the same rules open to the same sources.
    var services: [PolicyDraft.Service] {
        var services: [PolicyDraft.Service] = []
        for (transport, profile) in profiles
        where transport.hasPorts || Set(profile.cells.map(\.open)) != Set(others.map(\.open)) {
            let leading = IntervalSet(forwarded.filter { $0.transport == transport }.map(\.ports))
            let own = transport.hasPorts ? profile.ports.subtracting(IntervalSet([0...0])) : profile.ports
            let ranges = own.subtracting(leading).ranges.flatMap(\.parts)
            services += self.services(transport, ranges, profile.cells)
        }
        return services.joined
    }

    /// One forward for ports that the same rules send to the same place.
    var forwards: [PolicyDraft.Service] {
        forwarded.flatMap { entry in
            services(entry.transport, [entry.ports], entry.cells).map { service in
                var forward = service
                forward.targets = entry.targets
                // Clients of the family without a target are refused in any case.
                for index in forward.entries.indices {
                    let family = entry.targets.onlyFamily
                    if let family, forward.entries[index].sources.part(family) == .all(family) {
                        forward.entries[index].sources = .any
                    }
                }
                return forward
            }
        }.joined
    }

    /// A service for each range of ports with this access, for each part of the host's addresses.
    private func services(
        _ transport: TransportProtocol, _ ranges: [ClosedRange<UInt16>], _ cells: [Cell]
    ) -> [PolicyDraft.Service] {
        var services: [PolicyDraft.Service] = []
        guard !ranges.isEmpty else { return [] }
        for (destinations, cells) in byDestination(cells) {
            let access = AccessByInterface(cells)
            guard !access.isClosed(but: decided) else { continue }
            for range in ranges {
                let entries = access.entries(sparing: spare(transport, range), naming)
                guard !entries.isEmpty else { continue }
                var service = PolicyDraft.Service(ports: [transport: IntervalSet([range])], entries: entries)
                service.destinations = destinations
                if let packet = packet(transport, range.lowerBound, cells) { explain(&service, packet) }
                services.append(service)
            }
        }
        return services
    }

    /// The sources by interface that need no line: replies to a DHCPv6 client are let in anyway, RFC 8415 7.2.
    private func spare(_ transport: TransportProtocol, _ range: ClosedRange<UInt16>) -> [InterfaceClass: AddressSet] {
        guard transport == .udp, range == 546...546 else { return decided }
        return decided.mapValues { $0.union(.linkLocal) }
    }

    /// The cells at each part of the host's addresses with the same access; without addresses if it is the same at all.
    private func byDestination(_ cells: [Cell]) -> [(AddressSet, [Cell])] {
        let families = AddressFamily.allCases.map { family in groups(cells.filter { $0.family == family }) }
        guard families.contains(where: { $0.count > 1 }) else { return [(AddressSet(), cells)] }
        // One service has addresses of both families, with the access of each.
        return (0..<(families.map(\.count).max() ?? 0)).map { index in
            let parts = families.filter { index < $0.count }.map { $0[index] }.filter {
                !AccessByInterface($0.cells).isClosed(but: decided)
            }
            let addresses = parts.reduce(AddressSet()) { $0.union($1.addresses) }
            let own = circumstances.addresses.map(addresses.intersection) ?? addresses
            return (own.subtracting(.loopback), parts.flatMap(\.cells))
        }
    }

    /// The cells of one family by the addresses of this host that have the same.
    private func groups(_ cells: [Cell]) -> [(addresses: AddressSet, cells: [Cell])] {
        let parts = Dictionary(grouping: cells, by: \.destination)
        let groups = Dictionary(grouping: parts.keys) { AccessByInterface(parts[$0] ?? []).sources }
        return groups.values.map { destinations in
            let all = AddressSet.all(cells[0].family)
            let addresses = destinations.reduce(AddressSet()) { $0.union($1.addresses ?? all) }
            return (addresses, destinations.flatMap { parts[$0] ?? [] })
        }.sorted { $0.addresses.order < $1.addresses.order }
    }

    /// The packet of a client that is let in.
    private func packet(_ transport: TransportProtocol, _ port: UInt16, _ cells: [Cell]) -> Packet? {
        for cell in cells {
            let clients = cell.open.subtracting(decided[cell.interface] ?? AddressSet())
            guard let witness = clients.witness.flatMap({ IPAddress($0) }) else { continue }
            var packet = Packet(transport: transport, port: port, from: witness, interface: cell.interface.witness)
            packet.destination = circumstances.addresses?.first(cell.family, of: cell.destination)
            return packet
        }
        return nil
    }

    /// Notes the rule that lets clients in, and the one that limits them.
    private func explain(_ service: inout PolicyDraft.Service, _ packet: Packet) {
        let conclusion = PacketEvaluation.conclude(packet, through: tables, in: circumstances)
        let telling =
            conclusion.redirection ?? conclusion.trace.last { $0.place.rule?.hasCondition == true }?.place
            ?? conclusion.decision
        guard let telling else { return }
        service.rules = [telling.textWithoutComment]
        service.comment = tables.note(of: telling) ?? conclusion.decision.flatMap(tables.note)
        guard conclusion.isLimited else { return }
        var strict = circumstances
        strict.limits = .either
        let limited = PacketEvaluation.conclude(packet, through: tables, in: strict)
        guard case .unknown(let rules) = limited.verdict else { return }
        // A rule that is not understood may make it unknown, too.
        let candidates = [telling, conclusion.decision].compactMap(\.self) + rules
        guard let rule = candidates.first(where: { $0.rule?.limitText != nil }) ?? rules.first else { return }
        service.limit = PolicyDraft.DraftLimit(rule: rule.textWithoutComment, text: rule.rule?.limitText)
    }
}

extension [AccessProfile.Cell] {
    /// The sources by interface that every port of these cells is open to.
    var openEverywhere: [InterfaceClass: AddressSet] {
        var found: [InterfaceClass: [AddressFamily: AddressSet]] = [:]
        for cell in self {
            let old = found[cell.interface]?[cell.family]
            found[cell.interface, default: [:]][cell.family] = old.map { $0.intersection(cell.open) } ?? cell.open
        }
        return found.mapValues { $0.values.reduce(AddressSet()) { $0.union($1) } }
    }
}

extension ClosedRange<UInt16> {
    /// The ports one by one, where there are few, since each may have a rule of its own.
    var parts: [ClosedRange<UInt16>] { count <= 16 ? map { $0...$0 } : [self] }
}

extension AddressSet {
    /// Whether it has more than half of the addresses of a family.
    fileprivate func hasMost(of family: AddressFamily) -> Bool {
        let sizes =
            ipv4.ranges.map { Double($0.upperBound - $0.lowerBound) + 1 }
            + ipv6.ranges.map { Double($0.upperBound - $0.lowerBound) + 1 }
        return sizes.reduce(0, +) > (family == .ipv4 ? 0x1p31 : 0x1p127)
    }

    /// The link-local addresses, RFC 4291 2.5.6.
    fileprivate static let linkLocal = AddressSet(ipv6: IntervalSet([0xfe80 << 112...(0xfec0 << 112) - 1]))

    /// The lowest address.
    fileprivate var order: UInt128 {
        ipv4.ranges.first.map { UInt128($0.lowerBound) } ?? ipv6.ranges.first?.lowerBound ?? 0
    }

    /// The first address of a class of destinations that the host has.
    fileprivate func first(_ family: AddressFamily, of destination: DestinationClass) -> UInt128? {
        let own = destination.addresses.map(intersection) ?? self
        return own.part(family).subtracting(.loopback).witness.flatMap { IPAddress($0) }?.value
    }
}
