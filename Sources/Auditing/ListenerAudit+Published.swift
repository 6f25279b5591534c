internal import Addressing
internal import Policies
internal import Reachability
internal import Rulesets

extension ListenerAudit {
    /// Ports that other tables publish and that no service lists: one finding for all rules of one range of ports.
    var undeclaredPublished: [Finding] {
        var groups: [Published: [Redirection]] = [:]
        for redirection in published.redirections {
            for ports in undeclared(redirection) {
                groups[Published(transport: redirection.transport, ports: ports), default: []].append(redirection)
            }
        }
        return groups.sorted { $0.key < $1.key }.map { finding($0.key, $0.value) }
    }

    /// The ports of a redirection that no service lists.
    private func undeclared(_ redirection: Redirection) -> [ClosedRange<UInt16>] {
        let declared = policy.services.flatMap(\.ports).filter { $0.transport == redirection.transport }.map(\.range)
        return IntervalSet([redirection.ports]).subtracting(IntervalSet(declared)).ranges
    }

    private func finding(_ key: Published, _ group: [Redirection]) -> Finding {
        let place = AuditedPort(key.transport, key.ports)
        let rule = group.first?.rule
        let tables = group.tables
        let verb = tables.count == 1 ? "publishes" : "publish"
        let head = "\(tables.joined(separator: " and ")) \(verb) \(place.text), which no service lists"
        let advice = ": declare it, publish it on 127.0.0.1 alone, or stop publishing it"
        let families = Set(group.map(\.family))
        let (severity, state): (Finding.Severity, String) =
            switch worst(key.transport, key.ports, families) {
            case .reachable: (.error, ", and the live ruleset lets others reach it")
            case .shielded: (.warning, "; the ruleset stands before it")
            case .unknown: (.error, ", and whether others can reach it is not known")
            }
        return Finding(
            .undeclaredPublishedPort, severity, head + state + advice, port: place, table: rule?.table.description,
            chain: rule?.chain)
    }

    /// What could not be read of the rules that publish ports.
    var unreadPublished: [Finding] {
        let rules = published.unread.map { rule in
            Finding(
                .unknown, .warning,
                "what the rule \"\(rule)\" does is not understood: ports that it may publish are not known",
                table: rule.table.description, chain: rule.chain)
        }
        guard published.hasLegacyTable else { return rules }
        let advice = "move its rules to iptables-nft"
        return rules + [
            Finding(
                .unknown, .warning,
                "iptables-legacy has a nat table, and the ports that it may publish cannot be read: \(advice)")
        ]
    }

    /// Ports of one protocol.
    private struct Published: Hashable, Comparable {
        let transport: TransportProtocol
        let ports: ClosedRange<UInt16>

        static func < (first: Self, second: Self) -> Bool {
            (first.transport.rawValue, first.ports.lowerBound, first.ports.upperBound)
                < (second.transport.rawValue, second.ports.lowerBound, second.ports.upperBound)
        }
    }
}

extension [Redirection] {
    /// The rules, each with its table: `table ip nat (dnat ip to 172.17.0.2:80)`.
    fileprivate var tables: [String] {
        var seen: Set<String> = []
        let texts = map { "table \($0.rule.table)\($0.rule.action.map { " (\($0))" } ?? "")" }
        return texts.filter { seen.insert($0).inserted }
    }
}

extension RuleReference {
    /// What the rule does in the end, in nft's words.
    fileprivate var action: String? {
        guard let text = rule?.description else { return nil }
        let verbs = ["dnat ", "redirect"]
        let start = verbs.compactMap { text.firstRange(of: $0)?.lowerBound }.min()
        return start.map { String(text[$0...].prefix { $0 != "\"" }).trimmed }
    }
}

extension String {
    /// The text without what comes after the action: a comment.
    fileprivate var trimmed: String {
        firstRange(of: " comment").map { String(self[..<$0.lowerBound]) } ?? self
    }
}
