internal import Addressing
public import Compiler
internal import Policies
public import Reachability
public import Rulesets

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
    }

    /// Access after the change that did not exist before.
    public let gained: [Row]
    /// Access before the change that does not exist after.
    public let lost: [Row]
    /// Changes that are not known.
    public let unknown: [Row]
    /// The access that the table before allows on its own; empty without a table.
    public let before: AccessRegions
    /// The access that the table after allows on its own.
    public let after: AccessRegions

    /// The exact difference in access between two states of the table, assuming that rate limits are not exceeded.
    ///
    /// A missing table counts as a policy without services: every declared source gains access. Each table comes with
    /// its decompiled form.
    public init(
        from old: Table?, _ oldPolicy: DecompiledPolicy, to new: Table?, _ newPolicy: DecompiledPolicy, now: Int64
    ) {
        let nothing = compile(Policy()).table
        let difference = AccessDifference(
            from: [old ?? nothing], to: [new ?? nothing], in: Circumstances(now: now))
        let (owners, newOwners) = (PortOwners(oldPolicy), PortOwners(newPolicy))
        gained = difference.gained.flatMap(newOwners.rows)
        lost = difference.lost.flatMap(owners.rows)
        unknown = difference.unknown.flatMap(newOwners.rows)
        before = difference.before
        after = difference.after
    }

    /// Whether access certainly stays the same.
    public var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty }
}

/// The services that declare the ports of each protocol.
private struct PortOwners {
    private var spans: [TransportProtocol: [(range: ClosedRange<UInt16>, service: String)]] = [:]

    init(_ policy: DecompiledPolicy) {
        for service in policy.services {
            for port in service.ports { spans[port.transport, default: []].append((port.range, service.name)) }
        }
        for transport in spans.keys { spans[transport]?.sort { $0.range.lowerBound < $1.range.lowerBound } }
    }

    /// The change, split at the borders between services.
    func rows(_ change: AccessChange) -> [AccessReport.Row] {
        var rows: [AccessReport.Row] = []
        var next = Int(change.ports.lowerBound)
        let last = Int(change.ports.upperBound)
        func cut(through end: Int, _ service: String?) {
            guard next <= end else { return }
            rows.append(.init(change: change, ports: UInt16(next)...UInt16(end), service: service))
            next = end + 1
        }
        let own = spans[change.transport] ?? []
        for index in first(in: own, endingAtOrAbove: change.ports.lowerBound)..<own.count {
            guard own[index].range.lowerBound <= change.ports.upperBound else { break }
            cut(through: Int(own[index].range.lowerBound) - 1, nil)
            cut(through: min(last, Int(own[index].range.upperBound)), own[index].service)
        }
        cut(through: last, nil)
        return rows
    }

    private func first(
        in spans: [(range: ClosedRange<UInt16>, service: String)], endingAtOrAbove port: UInt16
    ) -> Int {
        var (low, high) = (0, spans.count)
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].range.upperBound < port { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
