internal import Addressing
internal import Reachability

/// Sentences about rules for all interfaces but some: a policy can only list the interfaces of today.
struct LaterInterfaces {
    /// The sentences.
    private(set) var sentences: [String] = []

    /// The sentences about the lines of a draft.
    ///
    /// - Parameters:
    ///   - draft: the draft.
    ///   - survey: the access that it was written from.
    init(_ draft: PolicyDraft, _ survey: AccessSurvey) {
        add(draft.services.flatMap { $0.entries + $0.free } + draft.trusted.map(\.access), "let clients in")
        add(draft.outbound.flatMap(\.entries), "let this host send")
        add(draft.masquerades.map(\.access), "masquerade what leaves")
        if let lost = survey.lostToOthers { sentences.append(lost) }
    }

    private mutating func add(_ accesses: [InterfaceAccess], _ effect: String) {
        for excluded in accesses.compactMap(\.excluded).distinct {
            let interfaces = accesses.filter { $0.excluded == excluded }.flatMap(\.interfaces).distinct.sorted()
            let all = excluded.isEmpty ? "every interface" : "every interface but \(excluded.joined(separator: ", "))"
            sentences.append(
                "Rules \(effect) by \(all). This policy names the interfaces of today (\(interfaces.joined(separator: ", "))): add one that comes later."
            )
        }
    }
}

extension AccessSurvey {
    /// The sentence about ports that are open only on interfaces that the host does not have; `nil` if there are none.
    fileprivate var lostToOthers: String? {
        guard naming.others.isEmpty else { return nil }
        var ports: [String] = []
        for (transport, profile) in profiles
        where transport.hasPorts && AccessByInterface(profile.cells).isOpenToOthers(sparing: decided) {
            ports += profile.ports.subtracting(IntervalSet([0...0])).ranges.map {
                NamedPorts(transport: transport, ports: $0).text
            }
        }
        let spare = decided.mapValues { _ in denied.union(.impossible) }
        let isTrusted = AccessByInterface(everything).isOpenToOthers(sparing: spare)
        if isTrusted { ports = ["everything"] }
        let names = naming.named.joined(separator: ", ")
        return ports.isEmpty
            ? nil
            : "Rules also let clients in on interfaces other than \(names). This host has none of them now, so this policy leaves that out (\(ports.rules(atMost: 8, of: "port").joined(separator: ", ")))."
    }
}
