internal import Addressing
internal import Compiler
internal import Reachability
internal import Rulesets

/// The comparison of a policy with the rulesets that it was written from.
public struct ImportProof {
    /// The verdicts.
    public enum Verdict: String, Hashable, Sendable {
        /// Both let in the same new connections.
        case equal
        /// The policy refuses some that the rulesets let in.
        case narrower
        /// The policy lets in some that the rulesets refuse.
        case wider
        /// Both of that.
        case incomparable
        /// There is no certain difference, but perhaps one.
        case unknown

        /// The verdict on these differences.
        public init(on differences: [ImportDifference]) {
            let kinds = Set(differences.map(\.kind))
            self =
                kinds.isSuperset(of: [.narrower, .wider])
                ? .incomparable
                : kinds.contains(.narrower)
                    ? .narrower : kinds.contains(.wider) ? .wider : kinds.isEmpty ? .equal : .unknown
        }
    }

    /// Every difference.
    public let differences: [ImportDifference]

    /// The verdict.
    public var verdict: Verdict { Verdict(on: differences) }

    /// Compares the access through the live tables with that through the tables of the future.
    ///
    /// - Parameters:
    ///   - old: the live tables.
    ///   - new: portreeve's table and the tables that stay.
    ///   - own: the name of portreeve's table.
    ///   - circumstances: the circumstances in which packets meet the tables.
    ///   - sourcePorts: the source ports that the live tables tell apart; the circumstances have an ordinary one.
    ///   - hairpins: the live rules that forwards say with `hairpin`.
    ///   - others: the differences of limits that the policy cannot say, and of replies.
    init(
        from old: [Table], to new: [Table], own: TableName, in circumstances: Circumstances,
        _ sourcePorts: SourcePorts, hairpins: Set<ForwardPlan.Place> = [], others: [ImportDifference] = []
    ) {
        let difference = AccessDifference(from: old, to: new, in: circumstances)
        let judge = DifferenceJudge(
            old: old, new: new, own: own, circumstances: circumstances, hairpins: hairpins)
        differences =
            difference.changes.compactMap { judge.difference($0, $1) }
            + judge.messages(difference.before, difference.after)
            + judge.rare(sourcePorts.others, besides: difference)
            + judge.targets(difference.before, difference.after) + judge.elsewhere + judge.masquerades
            + judge.outbound(sourcePorts.others)
            + others
    }
}

/// Turns changes of access into differences, with the rules that cause them.
struct DifferenceJudge {
    let old: [Table]
    let new: [Table]
    let own: TableName
    let circumstances: Circumstances
    /// The live rules that forwards say with `hairpin`.
    var hairpins: Set<ForwardPlan.Place> = []

    /// Whether the host has an interface that no rule names; claims about others would be about none.
    var hasOthers: Bool { hasOthers(leaving: false) }

    /// Whether the host has an interface that no rule names, be it one by which packets leave.
    func hasOthers(leaving: Bool) -> Bool {
        hasOthers(than: InterfaceClass.all(in: old + new, circumstances.routes, includesOutput: leaving))
    }

    /// Whether the host has an interface in none of these classes.
    func hasOthers(than classes: [InterfaceClass]) -> Bool {
        (circumstances.routes?.outerInterfaces).map { classes.hasOther(among: $0) } ?? true
    }

    /// A difference; `nil` if it is about sources that no packet has, about port 0, or about interfaces that the host has not.
    func difference(_ kind: ImportDifference.Kind, _ change: AccessChange) -> ImportDifference? {
        if change.interfaces == [nil], !hasOthers { return nil }
        guard let sources = change.sources.possible, !change.transport.hasPorts || change.ports.upperBound > 0 else {
            return nil
        }
        let ports = change.transport.hasPorts ? max(1, change.ports.lowerBound)...change.ports.upperBound : change.ports
        var difference = ImportDifference(
            kind: kind, transport: change.transport, ports: ports, family: change.family, sources: sources,
            interfaces: change.interfaces, destinations: change.destinations)
        if let group = group(of: change) {
            // No connection begins to a group or a broadcast address.
            guard !change.transport.hasConnections else { return nil }
            (difference.group, difference.destinations) = (group, [])
        }
        difference.explain(change.doubts, self)
        return difference
    }

    /// The multicast or broadcast address, none of this host, that a change is about; `nil` for another one.
    private func group(of change: AccessChange) -> IPAddress? {
        guard change.destinations.count == 1, let addresses = change.destinations[0].addresses else { return nil }
        let isOwn = !(circumstances.addresses?.intersection(addresses).isEmpty ?? true)
        return addresses.witness.flatMap { IPAddress($0) }.flatMap { address in
            !isOwn && (address.isGroup || circumstances.broadcasts.contains(address)) ? address : nil
        }
    }

    /// The differences in echo requests, and in protocols that no rule names.
    func messages(_ before: AccessRegions, _ after: AccessRegions) -> [ImportDifference] {
        let echoes = AddressFamily.allCases.flatMap { pings(before.echoRequests($0), after.echoRequests($0), $0) }
        let unnamed = TransportProtocol.unnamed
        let others = differences(
            before.profiles(of: unnamed).flatMap(\.cells), after.profiles(of: unnamed).flatMap(\.cells), nil,
            0...UInt16.max)
        return echoes + others
    }

    /// The differences in echo requests to a group of IPv6, but for those that are `known` about this host's addresses.
    ///
    /// The kernel answers none to groups and broadcast addresses of IPv4: net.ipv4.icmp_echo_ignore_broadcasts.
    func pings(
        to group: IPAddress, _ before: AccessRegions, _ after: AccessRegions, besides known: [ImportDifference]
    ) -> [ImportDifference] {
        guard group.family == .ipv6 else { return [] }
        func reaching(_ cells: [AccessProfile.Cell]) -> [AccessProfile.Cell] {
            cells.filter { $0.destination.addresses?.contains(group) ?? true }
        }
        let known = Set(known.map(\.everywhere))
        return pings(reaching(before.echoRequests(.ipv6)), reaching(after.echoRequests(.ipv6)), .ipv6, to: group)
            .filter { !known.contains($0.everywhere) }
    }

    private func pings(
        _ before: [AccessProfile.Cell], _ after: [AccessProfile.Cell], _ family: AddressFamily,
        to group: IPAddress? = nil
    ) -> [ImportDifference] {
        let port = EchoRequest.port(family)
        return differences(before, after, EchoRequest.transport(family), port...port, to: group)
    }

    /// The differences at the same places.
    private func differences(
        _ before: [AccessProfile.Cell], _ after: [AccessProfile.Cell], _ transport: TransportProtocol?,
        _ ports: ClosedRange<UInt16>, to group: IPAddress? = nil
    ) -> [ImportDifference] {
        var found: [ImportDifference: [String?: Set<DestinationClass>]] = [:]
        for (was, willBe) in zip(before, after) {
            for (kind, sources) in Self.parts(was, willBe) {
                guard let sources = sources.possible else { continue }
                var difference = ImportDifference(
                    kind: kind, transport: transport, ports: ports, family: was.family, sources: sources,
                    interfaces: [was.interface.witness],
                    destinations: was.destination.addresses == nil ? [] : [was.destination])
                difference.group = group
                difference.explain(was.doubts + willBe.doubts, self)
                (difference.interfaces, difference.destinations) = ([], [])
                found[difference, default: [:]][was.interface.pattern, default: []].insert(was.destination)
            }
        }
        return found.flatMap { difference, places -> [ImportDifference] in
            // At every address, or at the same ones by each interface.
            let everywhere = Set(before.filter { $0.family == difference.family }.map(\.destination).filter(isOwn))
            let groups = Dictionary(grouping: places.keys) { places[$0] ?? [] }
            return groups.compactMap { destinations, interfaces -> ImportDifference? in
                if interfaces == [nil], !hasOthers { return nil }
                var difference = difference
                difference.destinations =
                    group != nil || destinations.isSuperset(of: everywhere)
                    ? [] : destinations.sorted { $0.order < $1.order }
                let isWhole = interfaces.count == Set(before.map(\.interface)).count
                difference.interfaces = isWhole ? [] : interfaces.sorted { ($0 ?? "~") < ($1 ?? "~") }
                return difference
            }
        }.sorted { ($0.kind.rawValue, $0.family.rawValue) < ($1.kind.rawValue, $1.family.rawValue) }
    }

    /// Whether a class of destinations has an address of this host.
    private func isOwn(_ destination: DestinationClass) -> Bool {
        guard let addresses = destination.addresses, let own = circumstances.addresses else { return true }
        return !own.intersection(addresses).isEmpty
    }

    /// What only one ruleset lets through, and what is not known.
    static func parts(
        _ was: AccessProfile.Cell, _ willBe: AccessProfile.Cell
    ) -> [(ImportDifference.Kind, AddressSet)] {
        let doubtful = was.unknown.union(willBe.unknown)
        return [
            (.wider, willBe.open.subtracting(was.open).subtracting(doubtful)),
            (.narrower, was.open.subtracting(willBe.open).subtracting(doubtful)), (.unknown, doubtful),
        ]
    }

    /// The conclusion of tables about a packet of a difference.
    func conclusion(_ tables: [Table], _ difference: ImportDifference) -> PacketConclusion? {
        guard let source = difference.sources.witness.flatMap({ IPAddress($0) }) else { return nil }
        var packet = Packet(
            transport: difference.transport ?? .unnamed, port: difference.ports.lowerBound, from: source,
            interface: difference.interfaces.first.flatMap { $0?.replacing("*", with: "0") } ?? "eth0")
        let own = circumstances.addresses.map { addresses in
            difference.destinations.first?.addresses.map(addresses.intersection) ?? addresses
        }
        var circumstances = circumstances
        if let group = difference.group { circumstances = circumstances.dialling(group) }
        packet.destination =
            difference.group?.value
            ?? own?.part(difference.family).subtracting(.loopback).witness.flatMap { IPAddress($0) }?.value
        return PacketEvaluation.conclude(packet, through: tables, in: circumstances)
    }
}

extension AddressSet {
    /// The sources that a packet can have, in the shortest form; `nil` for none.
    var possible: AddressSet? {
        subtracting(.impossible).isEmpty ? nil : simplified(with: .impossible)
    }
}

extension TransportProtocol {
    /// A protocol for experiments, RFC 3692: no rule is about it alone.
    static let unnamed = Self(rawValue: 253)
}

extension ImportDifference {
    /// Finds the rule that causes the difference.
    fileprivate mutating func explain(_ doubts: [RuleReference], _ judge: DifferenceJudge) {
        guard kind != .unknown else {
            rule = doubts.first
            return
        }
        rule = judge.conclusion(judge.old, self)?.decision
        guard kind == .wider, let accepting = judge.conclusion(judge.new, self)?.decision else { return }
        isNeeded = accepting.table == judge.own && Names.chainsOfEveryHost.contains(accepting.chain)
    }
}
