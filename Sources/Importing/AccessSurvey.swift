internal import Addressing
internal import Reachability
internal import Rulesets

/// The access through live tables, as the sections of a policy see it.
struct AccessSurvey {
    typealias Cell = AccessProfile.Cell

    let regions: AccessRegions
    let tables: [Table]
    /// The same tables for packets.
    let prepared: PreparedTables
    /// The tables with an acceptance in place of each log; empty if no rule logs.
    let logging: [Table]
    let preparedLogging: PreparedTables
    /// The access of clients that may exceed limits; `nil` if no rule has one.
    let limited: AccessRegions?
    let circumstances: Circumstances
    let profiles: [(transport: TransportProtocol, profile: AccessProfile)]
    private let echoes: [Cell]
    private let interfaces: Set<String>
    /// The access of a protocol that no rule names.
    let others: [Cell]
    let naming: InterfaceNaming
    let denied: AddressSet
    /// The sources by interface that are let in, or refused, on every port.
    private(set) var decided: [InterfaceClass: AddressSet] = [:]
    private(set) var everything: [InterfaceClass: AddressSet] = [:]
    let forwarded: [ForwardPlan.Entry]
    private let lists: FilledLists

    init(
        _ regions: AccessRegions, _ tables: [Table], _ circumstances: Circumstances, _ interfaces: Set<String>,
        _ forwarded: [ForwardPlan.Entry], _ lists: FilledLists
    ) {
        self.lists = lists
        (self.forwarded, self.interfaces) = (forwarded, interfaces)
        self.regions = regions
        self.tables = tables
        prepared = PreparedTables(tables)
        logging = tables.contains(where: \.logs) ? tables.map(\.acceptingWhatItLogs) : []
        preparedLogging = PreparedTables(logging)
        self.circumstances = circumstances
        var strict = circumstances
        strict.limits = .either
        let hasLimits = tables.contains { $0.chains.contains { $0.rules.contains(where: \.hasLimit) } }
        limited = hasLimits ? AccessRegions(tables, in: strict) : nil
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
            if access.isForAll {
                (access.interfaces, access.excluded) = (naming.all, [])
            }
            let rules = rules(of: access)
            return PolicyDraft.Trusted(
                name: rules.first?.rule?.target.flatMap(FirewalldZones.zone(ofChain:)) ?? "", access: access,
                rules: rules.map(\.textWithoutComment).distinct, comment: rules.first.flatMap(tables.note))
        }.filter { !$0.access.isForAll }
    }

    /// The rules with a condition that let in everything from there, for each interface the last one that a packet meets.
    private func rules(of access: InterfaceAccess) -> [RuleReference] {
        access.interfaces.isEmpty
            ? [rule(of: access, naming.all.first ?? "eth0")].compactMap(\.self)
            : access.interfaces.compactMap { rule(of: access, $0) }
    }

    private func rule(of access: InterfaceAccess, _ interface: String) -> RuleReference? {
        guard let witness = access.sources.subtracting(.impossible.union(denied)).witness.flatMap({ IPAddress($0) })
        else {
            return nil
        }
        // No rule names the protocol: one that is for a port says nothing about the others.
        var packet = Packet(
            transport: .unnamed, port: 0, from: witness, interface: interface.replacing("*", with: "0"))
        packet.destination = circumstances.addresses?.first(witness.family, of: .all)
        return PacketEvaluation.conclude(packet, through: prepared, in: circumstances)
            .trace.last { $0.place.rule?.hasCondition == true }?.place
    }

    /// Echo requests from the sources that every interface lets in: `ping` decides before `trusted`, and knows no interfaces.
    var ping: PolicyDraft.Ping {
        let sources = answered
        if sources.isEmpty { return .drop }
        let rate = echoLimits.common?.text
        return sources.isAny && rate == nil ? .accept : .from(sources, rate: rate)
    }

    /// The sources whose echo requests are answered on every interface.
    private var answered: AddressSet {
        let spare = denied.union(.impossible)
        var sources = AddressSet.any
        for cell in echoes {
            let others = AddressSet.all(cell.family == .ipv4 ? .ipv6 : .ipv4)
            sources = sources.intersection(cell.open.union(spare).union(others))
        }
        return sources.simplified(with: spare)
    }

    /// The interfaces of the host that answer echo requests of other sources, too; `nil` for all that no rule names.
    var lostPings: [AddressFamily: [String?]] {
        let answered = answered
        let lost = echoes.filter { cell in
            isReached(cell.family) && (cell.interface.pattern != nil || hasOthers)
                && !cell.open.subtracting(answered).subtracting(denied).subtracting(.impossible).isEmpty
        }
        return Dictionary(grouping: lost, by: \.family).mapValues { cells in
            Set(cells.map(\.interface.pattern)).sorted { ($0 ?? "~") < ($1 ?? "~") }
        }
    }

    /// Whether the host has an interface that no rule names.
    private var hasOthers: Bool {
        interfaces.isEmpty || others.map(\.interface).hasOther(among: interfaces)
    }

    /// The rule that limits packets like this one; `nil` for none.
    ///
    /// - Parameters:
    ///   - packet: a packet that is let in within all limits.
    ///   - conclusion: the conclusion about it.
    ///   - telling: the rule that lets it in, as far as a reader cares.
    /// - Returns: the rule; one whose limit a policy can say, if there is one.
    func limit(of packet: Packet, after conclusion: PacketConclusion, _ telling: RuleReference?) -> RuleReference? {
        guard conclusion.isLimited else { return nil }
        var strict = circumstances
        strict.limits = .either
        let limited = PacketEvaluation.conclude(packet, through: prepared, in: strict)
        guard case .unknown(let rules) = limited.verdict else { return nil }
        // A rule that is not understood may make it unknown, too.
        let candidates = ([telling, conclusion.decision].compactMap(\.self) + rules).filter { place in
            !(place.rule.map(lists.lacks) ?? false)
        }
        return candidates.first { $0.rule?.limitText != nil } ?? rules.first(where: candidates.contains)
    }

    /// Whether the host has an address of the family, so that packets can be for it.
    func isReached(_ family: AddressFamily) -> Bool {
        circumstances.addresses.map { !$0.part(family).subtracting(.loopback).isEmpty } ?? true
    }

    /// The ports, each with its protocol, of which it is not known to whom they are open.
    var undecided: [String] {
        let ports = profiles.reduce(into: [TransportProtocol: IntervalSet<UInt16>]()) { found, next in
            let isUndecided = next.profile.cells.contains { !$0.unknown.isEmpty && isReached($0.family) }
            if isUndecided {
                found[next.transport] = (found[next.transport] ?? IntervalSet([])).union(next.profile.ports)
            }
        }
        return ports.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { transport, ports in
            ports.ranges.map { $0 == 0...UInt16.max ? transport.name : transport.text($0) }
        }
    }

    /// The rules that make access unknown.
    var doubts: [String] {
        let all = (profiles.flatMap(\.profile.cells) + echoes + others)
            .filter { !$0.unknown.isEmpty && isReached($0.family) }.flatMap(\.doubts)
        return Set(all.map(\.doubtText)).sorted()
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

extension AddressSet {
    /// Whether it has more than half of the addresses of a family.
    fileprivate func hasMost(of family: AddressFamily) -> Bool {
        let sizes =
            ipv4.ranges.map { Double($0.upperBound - $0.lowerBound) + 1 }
            + ipv6.ranges.map { Double($0.upperBound - $0.lowerBound) + 1 }
        return sizes.reduce(0, +) > (family == .ipv4 ? 0x1p31 : 0x1p127)
    }

    /// The first address of a class of destinations that the host has.
    func first(_ family: AddressFamily, of destination: DestinationClass) -> UInt128? {
        let own = destination.addresses.map(intersection) ?? self
        return own.part(family).subtracting(.loopback).witness.flatMap { IPAddress($0) }?.value
    }
}
