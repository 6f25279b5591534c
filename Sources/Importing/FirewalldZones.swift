internal import Rulesets

/// The zones of firewalld, read from the names of its chains: `filter_IN_public` has the rules of the zone `public`.
///
/// The files of zones are not read: they say what it would load at its next start, which may be something else.
struct FirewalldZones {
    /// A zone, and the conditions under which a packet belongs to it.
    private struct Zone {
        let name: String
        var conditions: [String]
    }

    private var zones: [Zone] = []

    /// The zones in the table of firewalld; none without one.
    init(_ tables: [Table]) {
        guard let table = tables.first(where: { $0.name.name == "firewalld" }) else { return }
        for rule in table.chains.filter({ $0.name.hasPrefix("filter_INPUT") }).flatMap(\.rules) {
            guard let name = rule.target.flatMap(Self.zone(ofChain:)) else { continue }
            var condition = rule
            condition.expressions = rule.expressions.dropLast().filter { $0 != .counter }
            let text = condition.expressions.isEmpty ? "all else" : condition.text(in: table.name.family)
            if let place = zones.firstIndex(where: { $0.name == name }) {
                if !zones[place].conditions.contains(text) { zones[place].conditions.append(text) }
            } else {
                zones.append(Zone(name: name, conditions: [text]))
            }
        }
    }

    /// The zone of a chain such as `filter_IN_public`; `nil` if it has another name.
    static func zone(ofChain name: String) -> String? {
        let start = "filter_IN_"
        let rest = name.dropFirst(start.count)
        return name.hasPrefix(start) && !rest.hasPrefix("policy_") ? String(rest) : nil
    }

    /// The zones in a sentence; `nil` without firewalld.
    var sentence: String? {
        guard !zones.isEmpty else { return nil }
        let texts = zones.map { "\($0.name) (\($0.conditions.joined(separator: ", ")))" }
        return "Zones of firewalld: \(texts.joined(separator: ", "))."
    }
}
