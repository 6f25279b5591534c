public import Addressing
public import Compiler
public import Kernel
public import Reachability
public import Rulesets
public import System

/// The sources that gain and lose access between two states of the table, by service.
public struct AccessReport {
    /// Ports of one service whose sources change.
    public struct Row {
        /// The sources that gain or lose access, and the interfaces.
        public let change: AccessChange
        /// The ports.
        public let ports: ClosedRange<UInt16>
        /// The service that declares the ports; `nil` if a rule from outside of the policy opened them.
        public let service: String?
        /// The entry of `trusted` that lets the sources in on every port of every protocol; `nil` for none.
        public var trusted: String?
    }

    /// Access after the change that did not exist before.
    public let gained: [Row]
    /// Access before the change that does not exist after.
    public let lost: [Row]
    /// Changes that are not known.
    public let unknown: [Row]
    /// The access before.
    public let before: AccessRegions
    /// The access after.
    public let after: AccessRegions
    /// The ports that a service declares before or after the change.
    public let declared: [TransportProtocol: IntervalSet<UInt16>]

    /// The exact difference in access between two rulesets, assuming that rate limits are not exceeded.
    ///
    /// - Parameters:
    ///   - old: the tables before: all of a host's, or portreeve's alone for the access that this one gives.
    ///   - oldPolicy: the decompiled table of portreeve before.
    ///   - new: the tables after.
    ///   - newPolicy: the decompiled table of portreeve after.
    ///   - circumstances: the circumstances in which packets meet the tables.
    public init(
        from old: [Table], _ oldPolicy: DecompiledPolicy, to new: [Table], _ newPolicy: DecompiledPolicy,
        in circumstances: Circumstances
    ) {
        let difference = AccessDifference(from: old, to: new, in: circumstances)
        let (owners, newOwners) = (PortOwners(oldPolicy), PortOwners(newPolicy))
        gained = difference.gained.flatMap(newOwners.either(owners).rows).gathered(by: newPolicy.trusted)
        lost = difference.lost.flatMap(owners.either(newOwners).rows).gathered(by: oldPolicy.trusted)
        unknown = difference.unknown.flatMap(newOwners.rows)
        before = difference.before
        after = difference.after
        declared = owners.ports.merging(newOwners.ports) { $0.union($1) }
    }

    /// The difference in access to this host that a change makes, through all tables.
    ///
    /// - Throws: any error in reading the tables of other programs.
    public init(of change: RulesetChange, in store: any RulesetStore, now: Int64) throws(KernelError) {
        let others = try WholeRuleset.neighbours(store)
        func tables(_ own: Table?) -> [Table] { (own.map { [$0] } ?? []) + others }
        self.init(
            from: tables(change.snapshot.table), DecompiledPolicy(change.snapshot.table),
            to: tables(change.target), DecompiledPolicy(change.target),
            in: WholeRuleset.circumstances(store, now: now))
    }

    /// Whether access certainly stays the same.
    public var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty }
}

/// The services that declare the ports of each protocol.
private struct PortOwners {
    private struct Span {
        let range: ClosedRange<UInt16>
        let service: String
        /// The addresses of the host at which the service is reached; `nil` for all.
        let addresses: AddressSet?

        /// Whether the change is about connections to the service.
        func isMeant(by change: AccessChange) -> Bool {
            guard let addresses, !change.destinations.isEmpty else { return true }
            return change.destinations.contains { $0.addresses?.intersection(addresses).isEmpty == false }
        }
    }

    private var spans: [TransportProtocol: [Span]] = [:]

    init(_ policy: DecompiledPolicy) {
        for service in policy.services {
            for port in service.ports {
                spans[port.transport, default: []].append(
                    Span(range: port.range, service: service.name, addresses: port.addresses))
            }
        }
        sort()
    }

    private mutating func sort() {
        for transport in spans.keys { spans[transport]?.sort { $0.range.lowerBound < $1.range.lowerBound } }
    }

    /// The ports of all services.
    var ports: [TransportProtocol: IntervalSet<UInt16>] { spans.mapValues { IntervalSet($0.map(\.range)) } }

    /// These services, and those of `other` on ports that none of these declares.
    func either(_ other: Self) -> Self {
        var union = self
        for (transport, added) in other.spans {
            let own = ports[transport] ?? IntervalSet()
            for span in added {
                let rest = IntervalSet([span.range]).subtracting(own).ranges
                union.spans[transport, default: []] += rest.map {
                    Span(range: $0, service: span.service, addresses: span.addresses)
                }
            }
        }
        union.sort()
        return union
    }

    /// The change, split at the borders between services; port 0 is left out, which no socket can have.
    func rows(_ change: AccessChange) -> [AccessReport.Row] {
        var rows: [AccessReport.Row] = []
        var next = max(1, Int(change.ports.lowerBound))
        let last = Int(change.ports.upperBound)
        func cut(through end: Int, _ service: String?) {
            guard next <= end else { return }
            rows.append(.init(change: change, ports: UInt16(next)...UInt16(end), service: service))
            next = end + 1
        }
        let own = spans[change.transport] ?? []
        for index in first(in: own, endingAtOrAbove: change.ports.lowerBound)..<own.count
        where own[index].isMeant(by: change) {
            guard own[index].range.lowerBound <= change.ports.upperBound else { break }
            guard Int(own[index].range.upperBound) >= next else { continue }
            cut(through: Int(own[index].range.lowerBound) - 1, nil)
            cut(through: min(last, Int(own[index].range.upperBound)), own[index].service)
        }
        cut(through: last, nil)
        return rows
    }

    private func first(
        in spans: [Span], endingAtOrAbove port: UInt16
    ) -> Int {
        var (low, high) = (0, spans.count)
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].range.upperBound < port { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
