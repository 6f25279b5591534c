internal import Addressing
internal import Reachability
internal import Rulesets

extension DifferenceJudge {
    /// The differences for packets that are none of ordinary clients to an address of this host: those from rarer source ports, and
    /// those to the groups and broadcast addresses that a rule names.
    ///
    /// - Parameters:
    ///   - ranges: the source ports that rules tell apart, without those of the circumstances.
    ///   - difference: the difference for ordinary clients, which is not repeated.
    /// - Returns: the differences, those from source ports first.
    func rare(_ ranges: [ClosedRange<UInt16>], besides difference: AccessDifference) -> [ImportDifference] {
        let known = Set(difference.changes.map(\.change.subject))
        let bySourcePort = ranges.flatMap { differences(from: $0, to: nil, besides: known) }.joinedBySourcePorts
        let named = old.groupAddresses(circumstances)
        let messages = messages(difference.before, difference.after)
        return bySourcePort
            + (named + old.kindAddresses.filter { !named.contains($0) }).flatMap { group in
                let known = Set(known.map(\.subjectAnywhere))
                let ordinary = differences(from: nil, to: group, besides: known)
                let others = ranges.flatMap { differences(from: $0, to: group, besides: known) }.joinedBySourcePorts
                let fromAll = Set(ordinary.map(\.fromAllPorts))
                let everywhere = Set(bySourcePort.map(\.everywhere))
                return ordinary + pings(to: group, besides: messages)
                    + others.filter { !fromAll.contains($0.fromAllPorts) && !everywhere.contains($0.everywhere) }
            }
    }

    private func pings(to group: IPAddress, besides known: [ImportDifference]) -> [ImportDifference] {
        let circumstances = circumstances.dialling(group)
        let difference = AccessDifference(from: old, to: new, in: circumstances)
        return DifferenceJudge(old: old, new: new, own: own, circumstances: circumstances)
            .pings(to: group, difference.before, difference.after, besides: known)
    }

    /// The differences for packets from source ports, `nil` for ordinary ones, to a group, `nil` for addresses of this host.
    private func differences(
        from sourcePorts: ClosedRange<UInt16>?, to group: IPAddress?, besides known: Set<AccessChange>
    ) -> [ImportDifference] {
        var circumstances = circumstances
        circumstances.sourcePort = sourcePorts?.lowerBound ?? circumstances.sourcePort
        if let group { circumstances = circumstances.dialling(group) }
        let judge = DifferenceJudge(old: old, new: new, own: own, circumstances: circumstances)
        return AccessDifference(from: old, to: new, in: circumstances).changes.compactMap {
            (kind, change) -> ImportDifference? in
            // No connection begins to a group or a broadcast address.
            if let group {
                guard change.family == group.family, !change.transport.hasConnections, change.isAbout(group) else {
                    return nil
                }
            }
            guard !known.contains(group == nil ? change.subject : change.subjectAnywhere) else { return nil }
            var result = judge.difference(kind, change)
            result?.group = group
            result?.sourcePorts = sourcePorts
            return result
        }
    }
}

extension AccessDifference {
    /// All changes, with the kinds of differences that they are.
    var changes: [(kind: ImportDifference.Kind, change: AccessChange)] {
        gained.map { (.wider, $0) } + lost.map { (.narrower, $0) } + unknown.map { (.unknown, $0) }
    }
}

extension AccessChange {
    /// The change without the rules that make it unknown.
    var subject: AccessChange {
        var subject = self
        subject.doubts = []
        return subject
    }

    /// Whether it is about packets to this address, which may be none of this host's.
    fileprivate func isAbout(_ address: IPAddress) -> Bool {
        destinations.isEmpty || destinations.contains { $0.contains(address) }
    }

    /// The change without the addresses of this host, too.
    fileprivate var subjectAnywhere: AccessChange {
        var subject = subject
        subject.destinations = []
        return subject
    }
}

extension [ImportDifference] {
    /// The differences with those joined that differ only in adjacent source ports; they come in the order of these.
    var joinedBySourcePorts: Self {
        reduce(into: []) { result, next in
            let place = result.lastIndex { last in
                guard let end = last.sourcePorts?.upperBound, let start = next.sourcePorts?.lowerBound else {
                    return false
                }
                return last.fromAllPorts == next.fromAllPorts && last.rule == next.rule && UInt32(end) + 1 == start
            }
            guard let place, let first = result[place].sourcePorts, let more = next.sourcePorts else {
                return result.append(next)
            }
            result[place].sourcePorts = first.lowerBound...more.upperBound
        }
    }
}

extension ImportDifference {
    /// The difference without its source ports and its cause.
    fileprivate var fromAllPorts: ImportDifference {
        var difference = self
        (difference.sourcePorts, difference.rule) = (nil, nil)
        return difference
    }

    /// The difference without its destination and its cause.
    var everywhere: ImportDifference {
        var difference = self
        (difference.group, difference.destinations, difference.rule) = (nil, [], nil)
        return difference
    }
}

extension TransportProtocol {
    /// Whether packets without a connection are lost, RFC 9293, RFC 9260 and RFC 4340.
    var hasConnections: Bool { [.tcp, .sctp, .dccp].contains(self) }
}
