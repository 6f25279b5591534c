internal import Addressing
internal import Changes
internal import Compiler
internal import Policies
internal import Printing
internal import Rulesets

/// A line about a part of a policy, and its style.
struct PolicyLine {
    let text: String
    let action: ObjectChange.Action
    /// Whether only remarks change: no packet is treated otherwise.
    var isRemark = false

    init(_ text: String, _ action: ObjectChange.Action, isRemark: Bool = false) {
        (self.text, self.action, self.isRemark) = (text, action, isRemark)
    }

    /// The line in the colour of what it says.
    func styled(_ console: Console) -> String {
        isRemark ? console.styled(text, .faint) : action.styled(text, console)
    }
}

extension ObjectChange.Action {
    /// A line in the colour of the action.
    func styled(_ line: String, _ console: Console) -> String {
        switch self {
        case .add: console.styled(line, .green)
        case .remove: console.styled(line, .red)
        case .change: console.styled(line, .yellow)
        }
    }
}

extension PolicyChange {
    /// One line per entry of `trusted` and per service, in columns, and lines for `deny`, for grants and for bans.
    func lines(named names: SourceNames) -> [PolicyLine] {
        let changes = trusted + services + outbound
        let nameWidth = changes.map(\.title.count).max() ?? 0
        let portWidth = min(changes.map(\.ports.count).max() ?? 0, 24)
        var lines = changes.map { change in
            let columns =
                [change.title.padded(to: nameWidth), change.ports.padded(to: portWidth)] + change.details(named: names)
            return PolicyLine(
                "\(change.action.sign) \(columns.joined(separator: "  "))", change.action,
                isRemark: change.changesRemarksOnly)
        }
        if before.outboundMode != after.outboundMode {
            let (old, new) = (before.outboundMode.rawValue, after.outboundMode.rawValue)
            lines.append(PolicyLine("~ defaults.outbound  \(old) -> \(new)", .change))
        }
        lines += denyLines
        lines += masquerades.map { PolicyLine("\($0.action.sign) masquerade  \($0.name)  \($0.text)", $0.action) }
        return lines + endingLines + temporaryLines
    }

    /// The grants that end with their service or their family.
    private var endingLines: [PolicyLine] {
        ending.map { grant in
            let isGone = !after.services.contains { $0.name == grant.service }
            let reason = isGone ? "with its service" : "since \"families\" leaves out \(grant.address.family)"
            return PolicyLine("- grant  \(grant.service) from \(grant.address)  ends \(reason)", .remove)
        }
    }

    /// At most this many grants and bans that begin or end are named.
    private static var namedTemporary: Int { 10 }

    /// The grants and bans that begin again, or end without a record of them.
    private var temporaryLines: [PolicyLine] {
        let lines = temporary.prefix(Self.namedTemporary).map { change in
            let subject =
                switch change.effect {
                case .grant(let service): "grant  \(service) from \(change.addresses)"
                case .ban: "ban  \(change.addresses)"
                }
            guard let seconds = change.seconds else {
                return PolicyLine("- \(subject)  ends: the state has no record of it", .remove)
            }
            return PolicyLine("+ \(subject)  again, for \(TimeSpan(seconds: seconds).text)", .add)
        }
        let rest = temporary.count - lines.count
        return lines + (rest > 0 ? [PolicyLine("~ \(rest) more grants and bans begin or end", .change)] : [])
    }

    /// What `deny` shuts out from now on, and what it does no longer.
    private var denyLines: [PolicyLine] {
        let gained = after.denied.subtracting(before.denied)
        let lost = before.denied.subtracting(after.denied)
        let entries = Set(policy?.deny?.entries ?? [])
        let all = policy?.groups ?? []
        // Of a group, what `never-deny` leaves of it.
        let groups = all.filter { entries.contains($0.name) }.map {
            ($0.name, $0.addresses.intersection(after.denied))
        }
        let others = all.map { ($0.name, $0.addresses) }
        return (gained.isEmpty ? [] : [PolicyLine("+ deny  from \(gained.text(as: groups))", .add)])
            + (lost.isEmpty ? [] : [PolicyLine("- deny  from \(lost.text(as: others))", .remove)])
    }

    /// A summary in one line, of a change with this many steps.
    func counts(steps: Int) -> String {
        let actions = [ObjectChange.Action.add, .change, .remove]
        let counts = actions.map { action in
            "\(services.count { $0.action == action }) to \(action.rawValue)"
        }
        let named = actions.compactMap { action -> String? in
            let names = outbound.filter { $0.action == action }.map(\.name)
            return names.isEmpty ? nil : "\(names.listed(atMost: Self.namedLines)) to \(action.rawValue)"
        }
        let lines = named.isEmpty ? "" : "; outbound: \(named.joined(separator: ", "))"
        return
            "services: \(counts.joined(separator: ", "))\(lines); \(counted(steps, "ruleset change")) in one step"
    }

    /// At most this many lines of `outbound` are named in the summary.
    private static var namedLines: Int { 8 }
}

extension ServiceChange {
    /// The name, and that it is a line of `outbound`.
    fileprivate var title: String { isOutbound ? "outbound \(name)" : name }
}

extension String {
    /// The text, filled with spaces on the right.
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
