internal import Addressing
internal import Reachability
internal import Rulesets

/// The lines of `outbound` that say what filters of the live rulesets let this host begin.
struct OutboundPlan {
    /// The lines; the sources of their entries are the destinations.
    private(set) var lines: [PolicyDraft.Service] = []
    /// The base chains that refuse by default, and go.
    private(set) var chains: [Takeover.LostChain] = []
    /// The rules that make it unknown whether a packet may leave.
    private(set) var doubts: [String] = []
    private let tables: [Table]
    private let prepared: PreparedTables
    private let circumstances: Circumstances
    private let naming: InterfaceNaming
    /// An interface that no rule names; `nil` if rules name all.
    private let other: String?

    /// The plan; without lines where the rulesets let out most, since a policy cannot say a few exceptions.
    init(_ takeover: Takeover, in circumstances: Circumstances, interfaces: Set<String>) {
        tables = takeover.whole
        prepared = PreparedTables(tables)
        self.circumstances = circumstances
        let classes = InterfaceClass.all(in: tables, circumstances.routes, includesOutput: true)
        naming = InterfaceNaming(classes, present: interfaces.sorted())
        other = classes.first { $0.kind == .other }?.witness
        let filters = tables.filter { !$0.isOfNeighbour }.flatMap(\.outputFilters)
        if !filters.isEmpty { replace(filters) }
    }

    /// Writes lines in place of these chains, if they refuse most of what begins here.
    private mutating func replace(_ filters: [Takeover.LostChain]) {
        let regions = AccessRegions(tables, in: circumstances, path: .leaving)
        let refuses = AddressFamily.allCases.contains { family in
            [TransportProtocol.tcp, .udp].allSatisfy { Self.refusesMost($0, family, regions) }
        }
        guard refuses else { return }
        chains = filters
        for transport in regions.transports { add(transport, regions) }
        lines = lines.joined
    }

    /// Whether most ports are closed to sockets that no rule names the user of, by interfaces that no rule names.
    private static func refusesMost(
        _ transport: TransportProtocol, _ family: AddressFamily, _ regions: AccessRegions
    ) -> Bool {
        let most = regions.profiles(of: transport).max { $0.ports.size < $1.ports.size }
        let cells =
            most?.cells.filter { cell in
                guard case .other? = cell.user else { return false }
                return cell.family == family && cell.interface.kind == .other
            } ?? []
        return !cells.isEmpty && cells.allSatisfy { $0.open.subtracting(.loopback).isEmpty }
    }

    private mutating func add(_ transport: TransportProtocol, _ regions: AccessRegions) {
        let profiles = regions.profiles(of: transport)
        for cell in profiles.flatMap(\.cells) where !cell.unknown.isEmpty { doubts += cell.doubts.map(\.doubtText) }
        let openings = profiles.map { Opening($0, transport) }
        let base = openings.count > 1 ? openings.map(\.everywhere).reduce(.any) { $0.intersection($1) } : AddressSet()
        // The destinations of every port, such as all of IPv6 where only IPv4 is filtered, need one line.
        if !base.subtracting(.loopback).isEmpty, let first = openings.first {
            let ports = openings.reduce(IntervalSet()) { $0.union($1.ports) }
            add(transport, ports, first.common.mapValues { _ in base }, [], besides: AddressSet())
        }
        for opening in openings {
            add(transport, opening.ports, opening.common, [], besides: base)
            for (access, users) in Dictionary(grouping: opening.more, by: \.access) {
                add(transport, opening.ports, access, users.map(\.user).sorted(), besides: AddressSet())
            }
        }
    }

    fileprivate typealias Access = [InterfaceClass: AddressSet]

    /// Adds a line for each range of ports and each part of the interfaces; other lines let out all ports to `base`.
    private mutating func add(
        _ transport: TransportProtocol, _ ports: IntervalSet<UInt16>, _ access: Access, _ users: [UInt32],
        besides base: AddressSet
    ) {
        let spare = access.mapValues { _ in AddressSet.loopback.union(base) }
        guard !AccessByInterface(access).isClosed(but: spare) else { return }
        let entries = AccessByInterface(access).entries(sparing: spare, naming)
        for range in ports.ranges.flatMap(\.parts) {
            for entry in entries {
                var line = PolicyDraft.Service(ports: [transport: IntervalSet([range])], entries: [entry])
                line.users = users
                line.isOutbound = true
                explain(&line, transport, range.lowerBound)
                lines.append(line)
            }
        }
    }

    /// Notes the rules that let out packets of the line, by each of its interfaces.
    private func explain(_ line: inout PolicyDraft.Service, _ transport: TransportProtocol, _ port: UInt16) {
        let entry = line.entries[0]
        guard let witness = entry.sources.subtracting(.loopback).witness.flatMap({ IPAddress($0) }) else { return }
        let all = [other].compactMap(\.self) + naming.all
        for interface in entry.interfaces.isEmpty ? all : entry.interfaces {
            var packet = Packet(
                transport: transport, port: port, from: witness, interface: interface.replacing("*", with: "0"))
            packet.user = line.users.first.map(SocketUser.number) ?? SocketUser.none
            let conclusion = PacketEvaluation.conclude(packet, through: prepared, in: circumstances, path: .leaving)
            let telling = conclusion.trace.last { $0.place.rule?.hasCondition == true }?.place ?? conclusion.decision
            guard conclusion.verdict == .accept, let telling else { continue }
            line.rules = (line.rules + [telling.textWithoutComment]).distinct
            line.comment = line.comment ?? tables.note(of: telling, for: packet)
        }
    }
}

/// The destinations of some ports.
private struct Opening {
    /// The ports; port 0 is in no packet.
    let ports: IntervalSet<UInt16>
    /// The destinations for sockets of every user.
    let common: OutboundPlan.Access
    /// What single users may reach besides.
    let more: [(user: UInt32, access: OutboundPlan.Access)]

    /// The opening that a profile has.
    init(_ profile: AccessProfile, _ transport: TransportProtocol) {
        ports = transport.hasPorts ? profile.ports.subtracting(IntervalSet([0...0])) : profile.ports
        let byUser = Dictionary(grouping: profile.cells) { $0.user ?? SocketUser.none }
        let common = byUser.values.map { AccessByInterface($0).sources }.reduce(nil as OutboundPlan.Access?) {
            known, next in
            known.map { $0.merging(next) { $0.intersection($1) } } ?? next
        }
        self.common = common ?? [:]
        more = byUser.compactMap { user, cells in
            guard case .number(let number) = user else { return nil }
            let rest = AccessByInterface(cells).sources
            return (number, rest.merging(common ?? [:]) { $0.subtracting($1) })
        }
    }

    /// The destinations on every interface.
    var everywhere: AddressSet { common.values.reduce(.any) { $0.intersection($1) } }
}

extension Table {
    /// The base chains that filter what this host sends.
    fileprivate var outputFilters: [Takeover.LostChain] {
        let filters = chains.filter(\.filtersOutput)
        return filters.filter { !isIdle($0) }.map { Takeover.LostChain(table: name, chain: $0.name) }
    }
}

extension IntervalSet<UInt16> {
    /// The number of ports.
    fileprivate var size: Int { ranges.reduce(0) { $0 + $1.count } }
}
