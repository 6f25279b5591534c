internal import Addressing
internal import Reachability
internal import Rulesets

extension AccessSurvey {
    /// One service for ports that the same rules open to the same sources.
    var services: [PolicyDraft.Service] {
        var services: [PolicyDraft.Service] = []
        for (transport, profile) in profiles
        where transport.hasPorts || Set(profile.cells.map(\.open)) != Set(others.map(\.open)) {
            let leading = IntervalSet(forwarded.filter { $0.transport == transport }.map(\.ports))
            let own = transport.hasPorts ? profile.ports.subtracting(IntervalSet([0...0])) : profile.ports
            services += self.services(transport, parts(own.subtracting(leading), transport), profile.cells)
        }
        return services.joined
    }

    /// The ranges of the ports, apart where clients that exceed limits have another access.
    private func parts(_ ports: IntervalSet<UInt16>, _ transport: TransportProtocol) -> [ClosedRange<UInt16>] {
        var rest = ports
        var ranges: [ClosedRange<UInt16>] = []
        for profile in limited?.profiles(of: transport) ?? [] {
            ranges += profile.ports.intersection(ports).ranges
            rest = rest.subtracting(profile.ports)
        }
        return (ranges + rest.ranges).sorted { $0.lowerBound < $1.lowerBound }.flatMap(\.parts)
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
            // Replies to a DHCPv6 client are let in anyway, and link-local addresses change with the hardware.
            let isOfLink = !destinations.isEmpty && destinations.subtracting(.linkLocal).isEmpty
            for range in ranges where !(isOfLink && transport == .udp && range == 546...546) {
                let entries = access.entries(sparing: spare(transport, range), naming)
                guard !entries.isEmpty else { continue }
                var service = PolicyDraft.Service(ports: [transport: IntervalSet([range])], entries: entries)
                service.destinations = destinations
                explain(&service, packets(transport, range.lowerBound, cells))
                limit(&service, by: limits(transport, range, cells), cells, spare(transport, range))
                services.append(service)
            }
        }
        return services
    }

    /// Gives a service its limit, and the clients that have none entries of their own.
    private func limit(
        _ service: inout PolicyDraft.Service, by limits: PlacedLimits, _ cells: [Cell],
        _ spare: [InterfaceClass: AddressSet]
    ) {
        service.limit = service.limit ?? limits.common
        if service.limit?.text != nil {
            service.free = AccessByInterface(limits.unlimited(cells)).entries(sparing: spare, naming)
        }
        let isSaid = !service.free.isEmpty
        service.limitDifferences = limits.differences(from: service.limit).filter { !isSaid || $0.kind != .narrower }
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
        }.sorted { $0.addresses.lowest < $1.addresses.lowest }
    }

    /// Packets of clients that are let in, from the first networks of each place.
    private func packets(_ transport: TransportProtocol, _ port: UInt16, _ cells: [Cell]) -> [Packet] {
        cells.flatMap { cell in
            let clients = cell.open.subtracting(decided[cell.interface] ?? AddressSet())
            return clients.witnesses(atMost: Self.triedNetworks).map { witness in
                var packet = Packet(transport: transport, port: port, from: witness, interface: cell.interface.witness)
                packet.destination = circumstances.addresses?.first(cell.family, of: cell.destination)
                return packet
            }
        }
    }

    /// No more networks than these of one place are tried for the rules that let them in.
    private static let triedNetworks = 8

    /// The rule that tells a reader why a packet is let in.
    private func telling(_ conclusion: PacketConclusion) -> RuleReference? {
        conclusion.redirection ?? conclusion.trace.last { $0.place.rule?.hasCondition == true }?.place
            ?? conclusion.decision
    }

    /// Notes the rules that let clients in, and the one that limits them.
    private func explain(_ service: inout PolicyDraft.Service, _ packets: [Packet]) {
        guard let packet = packets.first else { return }
        let conclusion = PacketEvaluation.conclude(packet, through: prepared, in: circumstances)
        guard let telling = telling(conclusion) else { return }
        service.rules = [telling.textWithoutComment]
        service.otherRules = packets.dropFirst().compactMap { packet in
            self.telling(PacketEvaluation.conclude(packet, through: prepared, in: circumstances))?.textWithoutComment
        }.distinct.filter { !service.rules.contains($0) }
        service.application = tables.application(of: telling)
        service.isPublished = conclusion.redirection != nil
        service.comment =
            tables.note(of: telling, for: packet)
            ?? conclusion.decision.flatMap { tables.note(of: $0, for: packet) }
            ?? conclusion.trace.reversed().lazy.compactMap { tables.elementNote(of: $0.place, for: packet) }.first
        service.isLogged = isLogged(packet)
        guard let rule = limit(of: packet, after: conclusion, telling) else { return }
        service.limit = PolicyDraft.DraftLimit(rule, text: rule.rule?.limitText)
    }
}

extension AccessSurvey {
    /// Whether a rule about its port logs the packet: where each log accepts, the packet is accepted there.
    private func isLogged(_ packet: Packet) -> Bool {
        guard !logging.isEmpty else { return false }
        return PacketEvaluation.conclude(packet, through: preparedLogging, in: circumstances).trace.contains { step in
            step.place.rule?.firstPort != nil && tables.rule(at: step.place)?.logTarget != nil
        }
    }
}

extension ClosedRange<UInt16> {
    /// The ports one by one, where there are few, since each may have a rule of its own.
    var parts: [ClosedRange<UInt16>] { count <= 16 ? map { $0...$0 } : [self] }
}

extension AddressSet {
    /// The link-local addresses, RFC 4291 2.5.6.
    static let linkLocal = AddressSet(ipv6: IntervalSet([0xfe80 << 112...(0xfec0 << 112) - 1]))

    /// The first address of each of the first ranges of both families.
    fileprivate func witnesses(atMost most: Int) -> [IPAddress] {
        let ipv4 = ipv4.ranges.prefix(most).map { IPAddress.ipv4($0.lowerBound) }
        let ipv6 = ipv6.ranges.prefix(most).map { IPAddress.ipv6($0.lowerBound) }
        return ipv4 + ipv6
    }
}
