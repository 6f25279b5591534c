internal import Addressing
internal import Compiler
public import Policies
public import Reachability
internal import Rulesets

/// The connections that this host can begin after a change and could not before, and the other way round.
public struct OutboundAccess {
    /// Destinations of one line whose access changes.
    public struct Row {
        /// The destinations, as sources of the change, and the users and interfaces.
        public let change: AccessChange
        /// The ports.
        public let ports: ClosedRange<UInt16>
        /// The line of `outbound`; `nil` if none lets them out.
        public let line: String?
    }

    /// Connections that go out after the change, and did not before.
    public private(set) var gained: [Row] = []
    /// Connections that went out before the change, and do not after it.
    public private(set) var lost: [Row] = []
    /// Changes that are not known.
    public private(set) var unknown: [Row] = []
    /// What became of connections that no line lets out, before and after.
    public let modes: (before: Defaults.Outbound, after: Defaults.Outbound)

    /// The exact difference between two rulesets, assuming that rate limits are not exceeded.
    ///
    /// Nothing is computed where portreeve restricts nothing before and after.
    init(
        from old: [Table], _ oldPolicy: DecompiledPolicy, to new: [Table], _ newPolicy: DecompiledPolicy,
        in circumstances: Circumstances
    ) {
        modes = (oldPolicy.outboundMode, newPolicy.outboundMode)
        guard modes != (.accept, .accept) else { return }
        var difference = AccessDifference(from: old, to: new, in: circumstances, path: .leaving)
        difference.leaveOutAbsentInterfaces()
        gained = difference.gained.compactMap { Self.row($0, of: newPolicy.outbound + oldPolicy.outbound) }
        lost = difference.lost.compactMap { Self.row($0, of: oldPolicy.outbound + newPolicy.outbound) }
        unknown = difference.unknown.compactMap { Self.row($0, of: newPolicy.outbound) }
    }

    /// Whether access certainly stays the same.
    public var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty }

    /// A row; `nil` for loopback addresses, which never leave, and for port 0.
    private static func row(_ change: AccessChange, of lines: [DecompiledService]) -> Row? {
        var change = change
        change.sources = change.sources.subtracting(.loopback)
        guard !change.sources.isEmpty, !change.transport.hasPorts || change.ports.upperBound > 0 else { return nil }
        let ports =
            change.transport.hasPorts ? max(1, change.ports.lowerBound)...change.ports.upperBound : change.ports
        let line = lines.first { line in
            line.ports.contains { $0.transport == change.transport && $0.range.overlaps(ports) }
                && !line.sources.intersection(change.sources).isEmpty && line.isMeant(by: change.users)
        }
        return Row(change: change, ports: ports, line: line?.name)
    }
}

extension DecompiledService {
    /// Whether the line of `outbound` is about one of these users; none for all.
    fileprivate func isMeant(by users: [SocketUser]) -> Bool {
        let own = entries.flatMap(\.users)
        guard !own.isEmpty, !users.isEmpty else { return true }
        return users.contains { user in own.contains { user == .number($0) } }
    }
}
