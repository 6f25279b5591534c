internal import Addressing
internal import Reachability
internal import Rulesets

extension AccessSurvey {
    /// The limits of echo requests at each place where some are let in.
    var echoLimits: PlacedLimits {
        var limits = PlacedLimits()
        for cell in regions.echoCells where isReached(cell.family) {
            let clients = cell.open.subtracting(denied).subtracting(.impossible)
            let strict = limited?.echoRequests(cell.family).first { $0.isAt(cell) }
            let port = EchoRequest.port(cell.family)
            limits.add(
                places(EchoRequest.transport(cell.family), port...port, cell, clients, strict, \.commonRateText))
        }
        return limits
    }

    /// The limits of connections to these ports, which have the access of these cells, at each place.
    func limits(
        _ transport: TransportProtocol, _ range: ClosedRange<UInt16>, _ cells: [Cell]
    ) -> PlacedLimits {
        var limits = PlacedLimits()
        guard let limited else { return limits }
        let strict = limited.profiles(of: transport).first { $0.ports.contains(range.lowerBound) }?.cells ?? []
        for cell in cells where isReached(cell.family) {
            let clients = cell.open.subtracting(decided[cell.interface] ?? AddressSet()).subtracting(.impossible)
            limits.add(places(transport, range, cell, clients, strict.first { $0.isAt(cell) }, \.limitText))
        }
        return limits
    }

    /// The clients of a cell as two places: clients with a limit, and clients without one.
    ///
    /// - Parameters:
    ///   - transport: the protocol.
    ///   - ports: the ports, which all have the access of the cell.
    ///   - cell: the cell.
    ///   - clients: the sources that count.
    ///   - strict: the cell of clients that may exceed limits; `nil` if no rule has one.
    ///   - text: the limit of a rule as a policy writes it.
    /// - Returns: a place for each of both, if there are some.
    private func places(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ cell: Cell, _ clients: AddressSet,
        _ strict: Cell?, _ text: (Rule) -> String?
    ) -> [PlacedLimits.Place] {
        let counted = strict.map { $0.unknown.subtracting(cell.unknown).intersection(clients) } ?? AddressSet()
        return [counted, clients.subtracting(counted)].compactMap { sources in
            guard let witness = sources.witness.flatMap({ IPAddress($0) }) else { return nil }
            var packet = Packet(
                transport: transport, port: ports.lowerBound, from: witness, interface: cell.interface.witness)
            packet.destination = circumstances.addresses?.first(cell.family, of: cell.destination)
            let conclusion = PacketEvaluation.conclude(packet, through: prepared, in: circumstances)
            let rule = limit(of: packet, after: conclusion, conclusion.decision)
            return PlacedLimits.Place(
                transport: transport, ports: ports, family: cell.family, interface: cell.interface.pattern,
                sources: sources,
                limit: rule.map { .init($0, text: $0.rule.flatMap(text)) })
        }
    }
}

extension AccessRegions {
    /// The access of the echo requests of both families.
    fileprivate var echoCells: [AccessProfile.Cell] { AddressFamily.allCases.flatMap(echoRequests) }
}

extension AccessProfile.Cell {
    /// Whether it is at the place of another one.
    fileprivate func isAt(_ other: Self) -> Bool {
        family == other.family && interface == other.interface && destination == other.destination
    }
}
