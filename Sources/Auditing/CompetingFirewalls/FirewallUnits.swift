internal import Printing

/// Enabled or active services of this host that flush portreeve's table, or filter beside it.
public struct FirewallUnits {
    private let files: UnitFiles

    /// Firewalls whose services keep the tables of others but refuse connections that the policy allows.
    private static let firewalls: Set<String> = [
        "ferm", "firewalld", "foomuuri", "ip6tables", "iptables", "netfilter-persistent", "shorewall", "shorewall6",
        "ufw",
    ]

    /// The competing firewalls among the units of these files.
    public init(_ files: UnitFiles) { self.files = files }

    /// One finding per service, sorted by name.
    public var findings: [Finding] {
        others.compactMap { unit in
            if let finding = flush(of: unit) { return finding }
            guard unit.isEnabled, Self.firewalls.contains(unit.firewall), isActive(unit) else { return nil }
            return Finding(
                .foreignOverride, .warning,
                "\(unit.name) is enabled beside portreeve: a connection must pass both, which change separately; "
                    + "run `systemctl disable --now \(unit.name)`"
            ).with(.init(unit: unit.name, aspect: "filters"))
        }
    }

    /// The findings about services that flush portreeve's table, which `plan` and `apply` show, too.
    public var flushes: [Finding] { others.compactMap(flush) }

    private var others: [ServiceUnit] { files.services.filter { !$0.name.hasPrefix("portreeve") } }

    /// The occasions on which a service flushes every ruleset, with the start of the keys of its commands.
    private static let occasions = [("ExecStart", "starts"), ("ExecReload", "is reloaded"), ("ExecStop", "stops")]
    /// The unit that loads portreeve's table again.
    private static let restoring = "portreeve-restore.service"

    private func flush(of unit: ServiceUnit) -> Finding? {
        let occasions = Self.occasions.filter { prefix, _ in
            unit.commands.contains { $0.key.hasPrefix(prefix) && flushesEverything($0.line) }
        }
        guard !occasions.isEmpty else { return nil }
        let isRestored = occasions.allSatisfy { prefix, _ in
            unit.commands.contains { $0.key.hasPrefix(prefix) && $0.line.contains(Self.restoring) }
        }
        let head =
            "\(unit.name) is \(unit.isEnabled ? "enabled" : "active") and flushes every ruleset, portreeve's too, when it "
            + "\(occasions.map(\.1).joined(conjunction: "or")): "
        let finding =
            isRestored
            ? Finding(.foreignOverride, .notice, head + "\(Self.restoring) loads portreeve's table again after that")
            : Finding(
                .foreignOverride, .warning,
                head + "make it flush only its own tables, or run `systemctl disable --now \(unit.name)`")
        return finding.with(.init(unit: unit.name, aspect: "flushes"))
    }

    /// ufw's service can be enabled while ufw itself is not.
    private func isActive(_ unit: ServiceUnit) -> Bool {
        guard unit.firewall == "ufw" else { return true }
        let lines = files.text("/etc/ufw/ufw.conf")?.split(separator: "\n").map(\.trimmed) ?? []
        return lines.contains { $0.lowercased() == "enabled=yes" }
    }
}

extension FirewallUnits {
    /// Whether a command, a rules file that it loads or a script that it runs flushes portreeve's table.
    private func flushesEverything(_ command: String) -> Bool {
        let words = command.split { $0.isWhitespace || "\"';".contains($0) }.map(String.init)
        guard let first = words.first.map({ String($0.drop { "-@:+!".contains($0) }) }) else { return false }
        if words.dropFirst().flushRuleset || isFlushing(script: first) { return true }
        return zip(words, words.dropFirst()).contains { option, file in
            ["-f", "--file"].contains(option) && files.text(file)?.flushesRuleset == true
        }
    }

    /// Scripts of a shell or of nft itself.
    private func isFlushing(script path: String) -> Bool {
        guard path.hasPrefix("/"), let text = files.text(path), text.hasPrefix("#!") else { return false }
        return text.flushesRuleset
    }
}

extension ServiceUnit {
    /// The name without the suffix `.service`.
    fileprivate var firewall: String { name.hasSuffix(".service") ? String(name.dropLast(".service".count)) : name }
}

extension String {
    /// Whether a line, without its comment, has `flush ruleset` for all families or for portreeve's.
    fileprivate var flushesRuleset: Bool {
        split(separator: "\n").contains { line in
            line.prefix { $0 != "#" }.split { $0.isWhitespace || "\"';".contains($0) }.map(String.init)[...]
                .flushRuleset
        }
    }
}

extension ArraySlice<String> {
    /// Whether these words have `flush ruleset`, not followed by a family other than portreeve's.
    fileprivate var flushRuleset: Bool {
        zip(indices, indices.dropFirst()).contains { flush, ruleset in
            guard self[flush] == "flush", self[ruleset] == "ruleset" else { return false }
            let family = index(after: ruleset) < endIndex ? self[index(after: ruleset)] : ""
            return !["ip", "ip6", "arp", "bridge", "netdev"].contains(family)
        }
    }
}
