internal import Rulesets

/// Lines at the head of a policy about the rules that it was written from, and about the filters beside it.
struct Surroundings {
    /// The lines.
    let lines: [String]

    /// The lines about the tables of a takeover, and a policy written from them.
    init(_ takeover: Takeover, of draft: PolicyDraft) {
        let replaced =
            takeover.firewalls.isEmpty
            ? nil : "They stay in effect until the commands printed by \"portreeve import\" remove them."
        let zones = FirewalldZones(takeover.whole).sentence
        let forwarding = [Hook.forward].flatMap { Self.filters($0, takeover) }
        let sending = [Hook.output].flatMap { Self.filters($0, takeover) }
        lines =
            [replaced, zones].compactMap(\.self) + forwarding
            + (forwarding.isEmpty ? [] : [Self.translation(draft)].compactMap(\.self)) + sending
    }

    /// The lines about the filters at a hook: those that stay, and those that go with their firewall.
    private static func filters(_ hook: Hook, _ takeover: Takeover) -> [String] {
        let remaining = takeover.remaining.map(\.withNativeExtensions).flatMap { $0.filters(hook) }
        let effect = hook == .output ? "sends" : "forwards"
        return takeover.whole.map(\.withNativeExtensions).flatMap { $0.filters(hook) }.flatMap { filter -> [String] in
            let name = "\(filter.table) \(filter.chain)"
            let isLost = takeover.lost.contains { $0.table == filter.table && $0.chain == filter.chain }
            if isLost, filter.refuses {
                return ["\(name) goes with its firewall: this policy does not restrict what this host \(effect)."]
                    + filter.lines("Until its firewall is off, it")
            }
            // Rules of other programs may stay in a chain whose own rules go.
            guard let rest = remaining.first(where: { $0.table == filter.table && $0.chain == filter.chain }) else {
                return []
            }
            return rest.lines("\(name) stays: it")
        }
    }

    /// The sentence about what a policy says of forwarded packets; `nil` for nothing.
    private static func translation(_ draft: PolicyDraft) -> String? {
        let parts = [
            draft.services.contains { $0.targets != nil } ? "the redirected ports" : nil,
            draft.masquerades.isEmpty ? nil : "the masquerade",
        ].compactMap(\.self)
        return parts.isEmpty
            ? nil : "This policy has \(parts.joined(separator: " and ")), but filters nothing that is forwarded."
    }
}

extension Takeover {
    /// The chains and firewalls that the policy replaces; the tables that it was written from, where it replaces none.
    var origin: [String] {
        firewalls.isEmpty ? imported.map(\.name.description) : firewalls.map(\.origin).distinct
    }
}

extension Takeover.Firewall {
    /// The rules in a few words.
    fileprivate var origin: String {
        switch self {
        case .firewalld: "firewalld"
        case .ufw: "ufw"
        case .chain(let table, let chain), .rules(let table, let chain, _), .iptables(let table, let chain, _):
            "\(table) \(chain)"
        case .portreeve: "portreeve's own table"
        }
    }
}
