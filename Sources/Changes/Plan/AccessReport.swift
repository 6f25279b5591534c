internal import Addressing
public import Compiler
internal import Policies
public import Reachability
public import Rulesets

/// Who gains and who loses access between two states of the table, by service.
public struct AccessReport {
    /// Ports of one service whose sources change.
    public struct Row {
        /// Who gains or loses, and on which interfaces.
        public let change: AccessChange
        /// The ports.
        public let ports: ClosedRange<UInt16>
        /// The service that has the ports; `nil` where a rule of somebody else opened them.
        public let service: String?
    }

    /// What is open after and was not before.
    public let gained: [Row]
    /// What was open before and is not after.
    public let lost: [Row]
    /// What is not known.
    public let unknown: [Row]
    /// What the state before lets in, taken alone; nothing where there is no table.
    public let before: AccessRegions
    /// What the state after lets in, taken alone.
    public let after: AccessRegions

    /// The exact difference between what two states of the table let in, limits being kept.
    ///
    /// No table at all stands for a policy without services: what it declares is what is gained. Each table comes with what
    /// it is read back to.
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

    /// Whether nobody gains or loses access, for certain.
    public var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty }
}

/// The services that have the ports of each protocol.
private struct PortOwners {
    private var spans: [TransportProtocol: [(range: ClosedRange<UInt16>, service: String)]] = [:]

    init(_ policy: DecompiledPolicy) {
        for service in policy.services {
            for port in service.ports { spans[port.transport, default: []].append((port.range, service.name)) }
        }
        for transport in spans.keys { spans[transport]?.sort { $0.range.lowerBound < $1.range.lowerBound } }
    }

    /// The change, cut where one service's ports end.
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
