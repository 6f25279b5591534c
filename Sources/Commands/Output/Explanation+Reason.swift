internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Printing
internal import Reachability
internal import Rulesets

extension Explanation {
    /// The protocol and the port, and that it is an echo request.
    var portText: String {
        let text = question.transport.text(question.port...question.port)
        return question.isEchoRequest ? "\(text) echo request" : text
    }

    /// The reason in one sentence; `grant` describes the grant that lets the source in, or the ban that shuts it out, if it is
    /// known.
    ///
    /// With `isEdited` applying the policy would also load an edit of its file.
    func reason(grant: String? = nil, isEdited: Bool = false) -> String {
        if dependsOnInterface { return "it depends on the interface (\(interfaceText)): name one with --interface" }
        if !unknownNames.isEmpty {
            let names = unknownNames.map { "\"\($0)\"" }.joined(separator: ", ")
            return "no address of \(names) is known, and it may be the source: \"portreeve apply\" looks it up"
        }
        switch conclusion.verdict {
        case .unknown(let rules):
            let names = rules.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
            return "it depends on a rule that tests more than is known here: \(names)"
        case .accept:
            let limit = (conclusion.isLimited ? ", within its limit" : "") + placeText
            if isLoopback { return "always accepted: it comes in on loopback" }
            if let trusted { return "\"trusted\" \"\(trusted.name)\" lets everything from there in\(placeText)" }
            if let service, isGranted {
                return
                    "a grant of \(service.kind) \"\(service.name)\" lets it in\(limit)\(grant.map { ": \($0)" } ?? "")"
            }
            if let excess = excess(isEdited: isEdited) { return excess }
            if question.isEchoRequest, isOwn { return "\"defaults.ping\" lets echo requests in\(limit)" }
            if let service, isOwn, !isOutsideSources { return "\(decider(of: service)) lets it in\(limit)" }
            return "no rule refuses it\(placeText): \(conclusion.decision.map { "\($0)" } ?? "it passes no base chain")"
        case .refuse where isBanned: return "the source is banned\(grant.map { ": \($0)" } ?? "")"
        case .refuse: return refusal
        }
    }

    /// The verdicts and the interfaces of each: `accept on wg0; refuse on eth0, eth1`.
    private var interfaceText: String {
        [ConnectionVerdict.accept, .refuse, .unknown].compactMap { verdict in
            let names = verdictsByInterface.filter { $0.verdict == verdict }.map(\.interface)
            return names.isEmpty ? nil : "\(verdict.rawValue) on \(names.joined(separator: ", "))"
        }.joined(separator: "; ")
    }

    /// The addresses that let the source in, if others do not.
    private var placeText: String {
        openAddresses.isEmpty ? "" : " at \(openAddresses.map(\.description).joined(separator: ", ")) only"
    }

    /// The service, or the entry of it that decides.
    private func decider(of service: Service) -> String {
        let name = "\(service.kind) \"\(service.name)\""
        guard service.listsEntries, let entry = decidingEntry else { return name }
        return "\(entry.title) of \(name)"
    }

    /// The entries of the service before the one that decides, or all of them, each with the reason why it does not match.
    var passedEntries: [String] {
        guard let service, service.listsEntries, !isBanned, !isDenied, !isForeign, trusted == nil else { return [] }
        return entries.prefix { $0.mismatch != nil }.compactMap { entry, mismatch in
            mismatch.map { "\(entry.title) does not match: \($0.text)" }
        }
    }

    /// The obstacle that remains if the service allows the source.
    var obstacle: String {
        let isNamed = isForeign || isBanned || isDenied || isExpired || redirection != nil
        return isNamed ? reason() : "\(conclusion.decision.map { "\($0)" } ?? "no rule allows it")"
    }

    private var refusal: String {
        if isForeign, let rule = conclusion.decision {
            guard let ownRefusal else { return "another table refuses it: \"\(rule)\"" }
            return "\(ownRefusal.reason()), and another table also refuses it: \"\(rule)\""
        }
        if let rule = redirection { return "another table redirects it to a port that is closed: \"\(rule)\"" }
        if isDenied { return "\"deny\" covers the source\(denial.map { ", by \"\($0)\"" } ?? "")" }
        if isLeftOut { return "\"defaults.families\" leaves out \(question.source.family.name)" }
        if service == nil, let elsewhere { return elsewhere.onlyText }
        if question.isEchoRequest { return "\"defaults.ping\" \(pingText)" }
        guard let service else { return "no service declares \(portText)" }
        if lacksTarget {
            return "forward \"\(service.name)\" has no \(question.source.family.name) target"
        }
        if isExpired { return "\(service.kind) \"\(service.name)\" has expired (\(expiry?.written ?? ""))" }
        if isOutsideSources { return "\(service.kind) \"\(service.name)\" is not open to this source" }
        if service.listsEntries, decidingEntry == nil {
            return "no entry of \(service.kind) \"\(service.name)\" matches"
        }
        switch deviation {
        case .added(let rule): return "a rule that is not in the policy refuses it: \"\(rule)\""
        case .missing:
            return "the live table lacks the rule or the element of \(service.kind) \"\(service.name)\" that lets it in"
        case .admitted, nil: break
        }
        if !interfaces.isEmpty {
            let names = interfaces.map(\.description).joined(separator: ", ")
            return "\(service.kind) \"\(service.name)\" is open on \(names) only"
        }
        if service.destinations != nil, question.destination == nil { return service.onlyText }
        return "it is refused by \"\(conclusion.decision.map { "\($0)" } ?? "no single rule")\""
    }

    /// Why the live table lets in what the policy does not; `nil` if the policy does, too.
    private func excess(isEdited: Bool) -> String? {
        let edit = isEdited ? ", and loads the edited file" : ""
        return switch deviation {
        case .added(let rule):
            "a rule that is not in the policy lets it in\(placeText): \"\(rule)\"; \"portreeve apply\" removes it\(edit)"
        case .admitted:
            "the policy refuses it, and the live table lets it in\(placeText): "
                + "\"\(conclusion.decision.map { "\($0)" } ?? "no rule refuses it")\"; \"portreeve apply\" corrects that\(edit)"
        case .missing, nil: nil
        }
    }

    /// Why echo requests of the source get no answer.
    private var pingText: String {
        switch deviation {
        case .added(let rule): "lets it in, and a rule that is not in the policy refuses it: \"\(rule)\""
        case .missing: "lets it in, and the live table lacks the rule"
        case .admitted, nil:
            policy.defaults.ping == .drop ? "drops echo requests" : "lets in echo requests of other sources only"
        }
    }
}

extension Service {
    /// The addresses at which the service is open, in a sentence.
    fileprivate var onlyText: String {
        "\(kind) \"\(name)\" is open at \((destinations?.entries ?? []).joined(separator: ", ")) only"
    }
}

extension Explanation.Mismatch {
    /// The reason in a few words.
    var text: String {
        switch self {
        case .expired(let expiry): "it expired (\(expiry.written))"
        case .otherSources: "it has other sources"
        case .exempt: "\"except\" takes the source out"
        case .otherInterfaces(let patterns): "it holds on \(patterns.map(\.description).joined(separator: ", ")) only"
        }
    }
}
