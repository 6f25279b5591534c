internal import Addressing
internal import Changes
internal import Compiler
internal import Policies
internal import Rulesets
internal import System

extension ServiceChange {
    /// The ports in the notation of a policy, but with the protocol first.
    var ports: String { (after ?? before)?.portsText ?? "" }

    /// The sources and the reason, or the differences.
    func details(named names: SourceNames) -> [String] {
        switch (before, after) {
        case (let before?, let after?): changes(before, after, names)
        case (nil, let after?): sourcesAndConditions(of: after, names) + reason(after)
        case (let before?, nil): sourcesAndConditions(of: before, names) + reason(before)
        case (nil, nil): []
        }
    }

    /// The sources, as the policy writes them where it is known, and the conditions; for several entries in one text.
    private func sourcesAndConditions(of service: DecompiledService, _ names: SourceNames) -> [String] {
        let declared = declared.map { $0.entries.map(\.shortSourcesText) } ?? []
        let isSame = declared.count == service.entries.count
        let texts = service.entries.indices.map { index in
            let addresses = service.entries[index].sources
            let written = isSame && !declared[index].isEmpty ? declared[index] : nil
            let sources = written ?? addresses.wholeText(named: names, of: name) ?? addresses.text
            return ["\(preposition) \(sources)"] + service.entries[index].conditions
        }
        let lead = service.forwarding.map { ["to \($0.text)"] } ?? []
        return lead + (texts.count == 1 ? texts[0] : [texts.map { $0.joined(separator: " ") }.joined(separator: "; ")])
    }

    /// The word before the addresses.
    private var preposition: String { isOutbound ? "to" : "from" }

    private func reason(_ service: DecompiledService) -> [String] {
        guard let declared else { return service.entries.first?.comment.map { [$0] } ?? [] }
        let ticket = declared.ticket.map { "(\($0))" }
        let words = [declared.why, ticket].compactMap { $0 }.joined(separator: " ")
        return words.isEmpty ? [] : [words]
    }

    /// The sources before and after; of a group whose addresses change, and of long lists without a name, only the difference.
    private func sourceChanges(
        _ before: DecompiledService, _ after: DecompiledService, _ names: SourceNames
    ) -> [String] {
        let texts = [before, after].map { $0.sources.wholeText(named: names, of: name) }
        let gained = after.sources.subtracting(before.sources)
        let lost = before.sources.subtracting(after.sources)
        let old = before.sources
        let isSimilar = !old.isAny && !old.intersection(after.sources).isEmpty
        if let group = names[after.sources, of: name], isSimilar, !names.has(old, of: name) {
            let parts = [("+", gained), ("-", lost)].filter { !$1.isEmpty }.map { "\($0) \($1.text)" }
            return ["\(preposition) \(group): \(parts.joined(separator: ", "))"]
        }
        if let old = texts[0], let new = texts[1], old != new { return ["\(preposition) \(old) -> \(new)"] }
        return [("+", gained), ("-", lost)].filter { !$1.isEmpty }.map { "\(preposition) \($0) \($1.clientsText)" }
    }

    private func changes(
        _ before: DecompiledService, _ after: DecompiledService, _ names: SourceNames
    ) -> [String] {
        var words: [String] = []
        if before.entries.count == 1, after.entries.count == 1, before.sources != after.sources {
            words = sourceChanges(before, after, names)
        }
        if before.ports != after.ports { words.append("ports were \(before.portsText)") }
        if before.entries.count == 1, after.entries.count == 1 {
            words += changes(before.entries[0], after.entries[0])
        } else {
            words += changes(before.entries, after.entries)
        }
        if before.forwarding != after.forwarding {
            words.append("to \(before.forwarding?.text ?? "this host") -> \(after.forwarding?.text ?? "this host")")
        }
        words += (before.foreign + (before.forwarding?.foreign ?? [])).map { "removes the rule `\($0)`" }
        if changesRemarksOnly, let remarks = words.first, words.count == 1 { return ["only a remark: \(remarks)"] }
        return words.isEmpty ? ["its rules, with the same effect"] : words
    }

    private func changes(_ before: [DecompiledEntry], _ after: [DecompiledEntry]) -> [String] {
        let gone = before.filter { !after.contains($0) }
        let new = after.filter { !before.contains($0) }
        if gone.isEmpty && new.isEmpty { return before == after ? [] : ["its entries in another order"] }
        return new.map { "+ \($0.text)" } + gone.map { "- \($0.text)" }
    }

    private func changes(_ before: DecompiledEntry, _ after: DecompiledEntry) -> [String] {
        // Without sources there is no rule that could have them.
        guard !before.sources.isEmpty, !after.sources.isEmpty else { return [] }
        var words: [String] = []
        for (old, new) in zip(before.conditionPairs, after.conditionPairs) where old.text != new.text {
            words.append("\(new.name) \(old.text ?? "none") -> \(new.text ?? "none")")
        }
        return words + (remarks(before, after).map { [$0] } ?? [])
    }
}

extension DecompiledForwarding {
    /// The targets, and how a client is assigned to one of several.
    var text: String {
        let list = targets.map(\.description).joined(separator: ", ")
        return list + (takesTurns && targets.count > 1 ? " round-robin" : "")
            + (hairpin.isEmpty ? "" : " hairpin \(hairpin.text)")
    }
}

extension DecompiledMasquerade {
    /// The sources and the interfaces in one line.
    var text: String { "from \(sources.text) by \(interfaces.joined(separator: ", "))" }
}

extension DecompiledService {
    /// The ports, the protocol first: `tcp/22, tcp/8000-8100`; `everything` for an entry of `trusted`.
    var portsText: String {
        guard !ports.isEmpty else { return "everything" }
        let at = destinations.map { " at \($0.text)" } ?? ""
        return ports.map(\.text).joined(separator: ", ") + at
    }

    /// The limits of the entries; `nil` for none.
    var limitText: String? { joined(entries.map(\.limitText)) }

    /// The most connections at once of the entries; `nil` for no limit.
    var connectionsText: String? { joined(entries.map { $0.connections.map(String.init) }) }

    /// The times at which the entries close; `nil` for never.
    var expiryText: String? { joined(entries.map { $0.expires.map(UTCTime.text) }) }

    private func joined(_ texts: [String?]) -> String? {
        texts.contains { $0 != nil } ? texts.map { $0 ?? "none" }.joined(separator: ", ") : nil
    }
}

extension DecompiledEntry {
    /// The entry in one line.
    fileprivate var text: String { (["from \(sources.text)"] + conditions).joined(separator: " ") }

    /// The conditions besides the source, each with its name, in a fixed order.
    fileprivate var conditionPairs: [(name: String, text: String?)] {
        [
            ("on", interfaces.isEmpty ? nil : interfaces.joined(separator: ", ")),
            ("user", users.isEmpty ? nil : users.map { UserNames.name(of: $0) ?? "\($0)" }.joined(separator: ", ")),
            ("limit", limitText),
            ("connections", connections.map { "\($0)" }),
            ("log", isLogged ? "on" : nil), ("until", expires.map(UTCTime.lastMoment)),
        ]
    }

    /// The rate limit in the notation of a policy.
    var limitText: String? {
        limit.map { limit in
            let units: [UInt64: String] = [1: "second", 60: "minute", 3600: "hour", 86400: "day"]
            let rate = "\(limit.rate)/\(units[limit.unit] ?? "\(limit.unit)s")"
            let burst = limit.burst == ConnectionLimit.defaultBurst ? "" : " burst \(limit.burst)"
            return rate + burst + (sharesLimit ? " for all" : "")
        }
    }

    fileprivate var conditions: [String] {
        conditionPairs.compactMap { pair in pair.text.map { "\(pair.name) \($0)" } }
    }
}

extension DecompiledService.Port {
    /// The port, the protocol first: `tcp/22`; `esp` for a protocol without ports.
    var text: String { transport.text(range) }

    /// The port for programs; `null` for a protocol without ports.
    var json: JSON { transport.hasPorts ? range.json : .null }
}

extension ClosedRange where Bound == UInt16 {
    /// One port, or the first and the last.
    var text: String { count == 1 ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}
