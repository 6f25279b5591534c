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
        /// Whether that service is a forward, which leads elsewhere.
        public var isForward = false
        /// The entry of `trusted` that lets the sources in on every port of every protocol; `nil` for none.
        public var trusted: String?
    }

    /// Access after the change that did not exist before.
    public let gained: [Row]
    /// Access before the change that does not exist after.
    public let lost: [Row]
    /// Changes that are not known.
    public let unknown: [Row]
    /// What this host itself can begin.
    public let outbound: OutboundAccess
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
        var difference = AccessDifference(from: old, to: new, in: circumstances)
        difference.leaveOutAbsent()
        let (owners, newOwners) = (PortOwners(oldPolicy), PortOwners(newPolicy))
        gained = difference.gained.flatMap(newOwners.either(owners).rows).gathered(by: newPolicy.trusted)
        lost = difference.lost.flatMap(owners.either(newOwners).rows).gathered(by: oldPolicy.trusted)
        unknown = difference.unknown.flatMap(newOwners.rows)
        outbound = OutboundAccess(from: old, oldPolicy, to: new, newPolicy, in: circumstances)
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
    public var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty && outbound.isEmpty }
}
