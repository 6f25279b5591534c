internal import Addressing
internal import Reachability

/// Sentences about rules for all interfaces but some: a policy lists those of today, so that it treats one that comes later otherwise.
struct LaterInterfaces {
    /// The sentences.
    private(set) var sentences: [String] = []

    /// The sentences about the lines of a draft.
    ///
    /// - Parameters:
    ///   - draft: the draft.
    ///   - survey: the access that it was written from.
    init(_ draft: PolicyDraft, _ survey: AccessSurvey) {
        let arriving = (draft.services.flatMap { $0.entries + $0.free } + draft.trusted.map(\.access))
        add(arriving, "let clients in", "what comes by a later one is refused, as long as it is not added")
        add(
            draft.outbound.flatMap(\.entries), "let this host send",
            "by a later one it may not, as long as it is not added")
        add(
            draft.masquerades.map(\.access), "masquerade what leaves",
            "what leaves by a later one is not masqueraded, as long as it is not added")
        if let lost = survey.lostToOthers { sentences.append(lost) }
    }

    private mutating func add(_ accesses: [InterfaceAccess], _ effect: String, _ consequence: String) {
        for excluded in accesses.compactMap(\.excluded).distinct {
            let interfaces = accesses.filter { $0.excluded == excluded }.flatMap(\.interfaces).distinct.sorted()
            let all = excluded.isEmpty ? "every interface" : "every interface but \(excluded.joined(separator: ", "))"
            sentences.append(
                "Rules \(effect) by \(all). This policy names the interfaces of today (\(interfaces.joined(separator: ", "))): \(consequence)."
            )
        }
    }
}

extension AccessSurvey {
    /// The sentence about ports that are open by interfaces of which the host has none; `nil` if there are none.
    fileprivate var lostToOthers: String? {
        guard naming.others.isEmpty else { return nil }
        var ports: [String] = []
        for (transport, profile) in profiles
        where transport.hasPorts && AccessByInterface(profile.cells).isOpenToOthers(sparing: decided) {
            ports += profile.ports.subtracting(IntervalSet([0...0])).ranges.map {
                ($0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)") + "/\(transport.name)"
            }
        }
        let spare = decided.mapValues { _ in denied.union(.impossible) }
        let isTrusted = AccessByInterface(everything).isOpenToOthers(sparing: spare)
        if isTrusted { ports = ["everything"] }
        let names = naming.named.joined(separator: ", ")
        return ports.isEmpty
            ? nil
            : "Rules also let clients in by other interfaces than \(names), of which this host has none today: not in this policy (\(ports.rules(atMost: 8, of: "port").joined(separator: ", ")))."
    }
}
