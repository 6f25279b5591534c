internal import Addressing
internal import Compiler
internal import Policies

/// What becomes of one service.
struct ServiceChange {
    /// The service as it is loaded; `nil` for a new one.
    let before: LoadedService?
    /// The service as the policy has it; `nil` for one that goes.
    let after: LoadedService?
    /// The service in the policy, for the words that the kernel does not keep.
    let declared: Service?

    /// Every service that comes, goes or changes, by name.
    static func all(from old: LoadedPolicy, to new: LoadedPolicy, of policy: Policy) -> [ServiceChange] {
        let before = Dictionary(uniqueKeysWithValues: old.services.map { ($0.name, $0) })
        let after = Dictionary(uniqueKeysWithValues: new.services.map { ($0.name, $0) })
        let declared = Dictionary(uniqueKeysWithValues: policy.services.map { ($0.name, $0) })
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            guard before[name] != after[name] else { return nil }
            return ServiceChange(before: before[name], after: after[name], declared: declared[name])
        }
    }

    /// The service's name.
    var name: String { after?.name ?? before?.name ?? "" }

    /// What happens to it.
    var action: ObjectChange.Action {
        before == nil ? .add : after == nil ? .remove : .change
    }

    /// The ports, as a policy writes them but with the protocol first.
    var ports: String { (after ?? before)?.portsText ?? "" }

    /// Who and why, or what changes.
    var details: [String] {
        switch (before, after) {
        case (let before?, let after?): changes(before, after)
        case (nil, let after?): ["from \(declaredSources ?? after.sources.text)"] + after.conditions + reason(after)
        case (let before?, nil): ["from \(before.sources.text)"] + before.conditions + reason(before)
        case (nil, nil): []
        }
    }

    private var declaredSources: String? {
        guard let entries = declared?.sources.entries, !entries.isEmpty else { return nil }
        let shown = entries.prefix(AddressSet.shownRanges).joined(separator: ", ")
        let rest = entries.count - AddressSet.shownRanges
        return rest > 0 ? "\(shown) and \(rest) more" : shown
    }

    private func reason(_ service: LoadedService) -> [String] {
        guard let declared else { return service.comment.map { [$0] } ?? [] }
        let ticket = declared.ticket.map { "(\($0))" }
        let words = [declared.why, ticket].compactMap { $0 }.joined(separator: " ")
        return words.isEmpty ? [] : [words]
    }

    private func changes(_ before: LoadedService, _ after: LoadedService) -> [String] {
        var words: [String] = []
        let gained = after.sources.subtracting(before.sources)
        let lost = before.sources.subtracting(after.sources)
        if !gained.isEmpty { words.append("from + \(gained.text)") }
        if !lost.isEmpty { words.append("from - \(lost.text)") }
        if before.ports != after.ports { words.append("ports were \(before.portsText)") }
        for (old, new) in zip(before.conditionPairs, after.conditionPairs) where old.text != new.text {
            words.append("\(new.name) \(old.text ?? "none") -> \(new.text ?? "none")")
        }
        if before.comment != after.comment {
            words.append("why \"\(before.comment ?? "")\" -> \"\(after.comment ?? "")\"")
        }
        words += before.foreign.map { "removes the rule `\($0)`" }
        return words.isEmpty ? ["its rules, to the same effect"] : words
    }
}

extension LoadedService {
    /// The ports, the protocol first: `tcp/22, tcp/8000-8100`.
    var portsText: String { ports.map(\.text).joined(separator: ", ") }

    /// What must hold beside the source, each with its name, in a fixed order.
    fileprivate var conditionPairs: [(name: String, text: String?)] {
        [
            ("on", interfaces.isEmpty ? nil : interfaces.joined(separator: ", ")), ("limit", limit),
            ("log", isLogged ? "on" : nil), ("until", expires.map(UTCTime.lastMoment)),
        ]
    }

    fileprivate var conditions: [String] {
        conditionPairs.compactMap { pair in pair.text.map { "\(pair.name) \($0)" } }
    }
}

extension LoadedService.Port {
    /// The port, the protocol first: `tcp/22`.
    var text: String { "\(transport.name)/\(range.text)" }
}

extension ClosedRange where Bound == UInt16 {
    /// One port, or the first and the last.
    var text: String { count == 1 ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}
