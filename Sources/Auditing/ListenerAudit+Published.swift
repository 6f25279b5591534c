internal import Addressing
internal import Listeners
internal import Policies
internal import Reachability
internal import Rulesets

extension ListenerAudit {
    /// Ports that other tables publish and no service declares: one finding for all rules of one range of ports, and
    /// one for a rule that redirects every port.
    var undeclaredPublished: [Finding] {
        var groups: [Published: [Redirection]] = [:]
        let declared = declaredPorts
        for redirection in publishedPorts {
            for ports in redirection.ports(outside: declared) {
                groups[Published(transport: redirection.transport, ports: ports), default: []].append(redirection)
            }
        }
        let wholesale = published.wholesaleRules.map { rule in published.redirections.filter { $0.rule == rule } }
        return groups.sorted { $0.key < $1.key }.map { finding($0.key, $0.value) }
            + wholesale.compactMap { wholesaleFinding($0, declared) }.sorted { $0.message < $1.message }
    }

    /// The declared ports of each protocol.
    private var declaredPorts: [TransportProtocol: IntervalSet<UInt16>] {
        Dictionary(grouping: policy.services.flatMap(\.ports), by: \.transport).mapValues {
            IntervalSet($0.map(\.range))
        }
    }

    private func finding(_ key: Published, _ group: [Redirection]) -> Finding {
        let place = AuditedPort(key.transport, key.ports)
        let proxies = proxies(on: key.transport, key.ports).map { $0.naming(containers) }
        let targets = group.map { $0.container(in: containers, heldBy: proxies) }
        let tables = zip(group, targets).map { $0.rule.tableText(target: $1) }.unique
        let verb = tables.count == 1 ? "publishes" : "publish"
        let families = Set(group.map(\.family)).union(proxies.flatMap(\.families))
        let (severity, state) = Self.state(worst(key.transport, key.ports, families))
        return Finding(
            .undeclaredPublishedPort, severity,
            "\(tables.joined(separator: " and ")) \(verb) \(place.text), which is not in the policy\(state)"
                + ": declare it, publish it on 127.0.0.1 only, or stop publishing it",
            port: place, table: group.first?.rule.table.description, chain: group.first?.rule.chain
        ).about(targets.lazy.compactMap(\.self).first)
    }

    /// The finding about a rule that redirects every port of the addresses that it matches.
    private func wholesaleFinding(
        _ group: [Redirection], _ declared: [TransportProtocol: IntervalSet<UInt16>]
    ) -> Finding? {
        guard let rule = group.first?.rule, let table = group.first?.rule.tableText() else { return nil }
        let exposures = group.flatMap { redirection in
            redirection.ports(outside: declared).map { exposure(redirection.transport, $0, redirection.family, []) }
        }
        let (severity, state) = Self.state(exposures.worst)
        return Finding(
            .undeclaredPublishedPort, severity,
            "\(table) redirects every port of the addresses that it matches, most of them not in the policy\(state)"
                + ": declare the ports that should be open, or narrow the rule",
            table: rule.table.description, chain: rule.chain)
    }

    private static func state(_ exposure: Exposure) -> (Finding.Severity, String) {
        switch exposure {
        case .reachable: (.error, "; reachable from other hosts")
        case .trusted: (.notice, "; reachable only from where \"trusted\" lets everything in")
        case .shielded: (.warning, "; blocked by the firewall")
        case .unknown: (.error, "; possibly reachable from other hosts")
        }
    }

    /// Rules that may publish ports and could not be read.
    var unreadPublished: [Finding] {
        let rules = published.unread.map { rule in
            Finding(
                .unknown, .warning,
                "the rule \"\(rule)\" is not understood; it may publish ports that are not listed here",
                table: rule.table.description, chain: rule.chain)
        }
        guard published.hasLegacyTable else { return rules }
        let advice = "move its rules to iptables-nft"
        return rules + [
            Finding(
                .unknown, .warning,
                "iptables-legacy has a nat table; the ports that it may publish cannot be read: \(advice)",
                aspect: "iptables-legacy")
        ]
    }

    /// A range of ports of one protocol.
    private struct Published: Hashable, Comparable {
        let transport: TransportProtocol
        let ports: ClosedRange<UInt16>

        static func < (first: Self, second: Self) -> Bool {
            (first.transport.rawValue, first.ports.lowerBound, first.ports.upperBound)
                < (second.transport.rawValue, second.ports.lowerBound, second.ports.upperBound)
        }
    }
}

extension Redirection {
    /// The ports that are not declared, without port 0.
    fileprivate func ports(outside declared: [TransportProtocol: IntervalSet<UInt16>]) -> [ClosedRange<UInt16>] {
        IntervalSet([ports]).subtracting((declared[transport] ?? IntervalSet()).union(IntervalSet([0...0]))).ranges
    }
}

extension [String] {
    /// The texts, each once.
    fileprivate var unique: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}

extension RuleReference {
    /// The rule with its table and its target: `table ip nat (dnat ip to 172.17.0.2:80, container web)`.
    fileprivate func tableText(target: Container? = nil) -> String {
        let facts = [action, target?.text].compactMap(\.self)
        return "table \(table)" + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))")
    }

    /// The last action of the rule, in nft's notation.
    fileprivate var action: String? {
        guard let text = rule?.description else { return nil }
        guard let start = ["dnat ", "redirect"].compactMap({ text.firstRange(of: $0)?.lowerBound }).min() else {
            return nil
        }
        let action = text[start...]
        // The target of a map differs between ports.
        if action.contains(" map ") { return "dnat by a map" }
        return String(action.firstRange(of: " comment ").map { action[..<$0.lowerBound] } ?? action)
    }
}
