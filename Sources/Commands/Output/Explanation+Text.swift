internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Printing
internal import Reachability
internal import Rulesets

extension Explanation {
    private var portText: String {
        let text = question.transport.text(question.port...question.port)
        return question.isEchoRequest ? "\(text) echo request" : text
    }

    /// The reason in one sentence; `grant` describes the grant that lets the source in, or the ban that shuts it out, if it is
    /// known.
    func reason(grant: String? = nil) -> String {
        if dependsOnInterface { return "it depends on the interface (\(interfaceText)): name one with --interface" }
        if !unknownNames.isEmpty {
            let names = unknownNames.map { "\"\($0)\"" }.joined(separator: ", ")
            return "no address of \(names) is known, and it may be the source: \"portreeve apply\" looks it up"
        }
        switch conclusion.verdict {
        case .unknown(let rules):
            let names = rules.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
            return "a rule that is not understood decides: \(names)"
        case .accept:
            let limit = (conclusion.isLimited ? ", within its limit" : "") + placeText
            if isLoopback { return "always accepted: it comes in on loopback" }
            if let trusted { return "\"trusted\" \"\(trusted.name)\" lets everything from there in\(placeText)" }
            if let service, isGranted {
                return
                    "a grant of \(service.kind) \"\(service.name)\" lets it in\(limit)\(grant.map { ": \($0)" } ?? "")"
            }
            if let excess { return excess }
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
    private var passedEntries: [String] {
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
            return "\(ownRefusal.reason()), and another table refuses it, too: \"\(rule)\""
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
    private var excess: String? {
        switch deviation {
        case .added(let rule):
            "a rule that is not in the policy lets it in\(placeText): \"\(rule)\"; \"portreeve apply\" removes it"
        case .admitted:
            "the policy refuses it, and the live table lets it in\(placeText): "
                + "\"\(conclusion.decision.map { "\($0)" } ?? "no rule refuses it")\"; \"portreeve apply\" corrects that"
        case .missing, nil: nil
        }
    }

    /// The listeners in a few words; `nil` if they were not read.
    private var audience: String? {
        guard let listeners else { return nil }
        if let targetText, conclusion.isForwarded { return "another host: \(targetText)" }
        if let container { return "\(container.text)\(placeOfTarget), to which it is redirected" }
        if conclusion.isForwarded { return "it is redirected to another host or a container\(placeOfTarget)" }
        if question.isEchoRequest { return "the kernel answers echo requests itself" }
        guard let first = listeners.first else {
            return "nothing listens on \(portText) over \(question.source.family.name)"
        }
        if listeners.allSatisfy(\.isLoopbackOnly) && !question.isFromThisHost {
            let place = "on \(first.address)\(first.processNames) only"
            return verdict == .accept
                ? "\(place): what is let in finds no listener; bind it to another address"
                : "\(place), which no other host reaches"
        }
        return listeners.map { "\($0.address)\($0.processNames)" }.joined(separator: ", ")
    }

    /// The targets of the forward that leads the connection elsewhere, and how one of several is chosen; `nil` for none.
    private var targetText: String? {
        guard forwarding != nil, !targets.isEmpty else { return nil }
        let list = targets.map(\.description).joined(separator: " or ")
        guard targets.count > 1, let balance = service?.forwarding?.balance else { return list }
        return list + (balance == .source ? ", by the address of the client" : ", by turns")
    }

    private var placeOfTarget: String { conclusion.target.map { " at \($0)" } ?? "" }

    /// The explanation for people, on one screen.
    ///
    /// `granting` is the command of a grant that would let the source in; `nil` if none would.
    func text(
        _ console: Console, grant: String?, names: [NameSight] = [], edit: Edit? = nil, today: Explanation? = nil,
        granting: String? = nil
    ) -> String {
        let style: Console.Style = verdict == .accept ? .green : verdict == .refuse ? .red : .yellow
        let asked = isLive ? "the live ruleset" : today == nil ? "the policy" : "the policy, which is not loaded"
        var lines = [
            "\(console.styled(verdict.rawValue, style)): \(question.addresses.text) to \(portText) by \(asked): \(reason(grant: grant).printable)"
        ]
        if let today { lines.append("today: \(today.verdict.rawValue): \(today.reason().printable)") }
        if let interface = assumedInterface {
            lines.append("arrives: on \(interface.printable), by the route back to \(question.source)")
        }
        if let place {
            lines.append("policy: \(place.file.printable):\(place.line)\(edit == nil ? "" : ", as it was applied")")
        }
        lines += names.map { "name: \($0.text(of: question.source))" }
        lines += passedEntries.map { "passed over: \($0.printable)" }
        if let targetText {
            lines.append("forwarded: to \(targetText)")
        } else if let rule = conclusion.redirection {
            lines.append("redirected: \("\(rule)".printable)")
        }
        if let audience { lines.append("listens: \(audience.printable)") }
        if let change = nearestChange(given: edit) {
            lines.append("to let it in: \(([change] + caveats(given: edit)).joined(separator: "; ").printable)")
        }
        if let granting { lines.append("for a time: run \"\(granting.printable)\"") }
        if let edit { lines += edit.lines }
        let trace = conclusion.trace.map { "  \($0.place.table) \($0.place.chain): \($0.text)".printable }
        return (lines + (trace.isEmpty ? [] : ["trace:"] + trace)).joined(separator: "\n")
    }

    /// The explanation for programs.
    func json(grant: String?, names: [NameSight] = [], edit: Edit? = nil, today: Explanation? = nil) -> JSON {
        let place: JSON = place.map { ["file": .string($0.file), "line": .number($0.line)] } ?? .null
        return [
            "format_version": 1, "verdict": .string(verdict.rawValue), "reason": .string(reason(grant: grant)),
            "asked": .string(isLive ? "kernel" : "policy"), "service": JSON(service?.name), "policy": place,
            "section": JSON(service?.section.rawValue),
            "forwarded": .array(forwarding == nil ? [] : targets.map { .string($0.description) }),
            "limited": .bool(conclusion.isLimited), "redirected": JSON(conclusion.redirection.map { "\($0)" }),
            "trusted": JSON(trusted?.name),
            "entries": .array(service?.listsEntries == true ? entries.map(Self.json) : []),
            "change": JSON(nearestChange(given: edit)), "trace": .array(conclusion.trace.map(\.json)),
            "interface": JSON(question.interface ?? question.returnInterface),
            "addresses": .array(openAddresses.map { .string($0.description) }),
            "listeners": listeners.map { .array($0.map(\.json)) } ?? .null, "container": container?.json ?? .null,
            "names": .array(names.map(\.json)), "edited": JSON(edit?.text),
            "after_apply": edit?.after?.shortJSON ?? .null, "today": today?.shortJSON ?? .null,
        ]
    }

    /// The verdict and the reason for programs.
    private var shortJSON: JSON { ["verdict": .string(verdict.rawValue), "reason": .string(reason())] }

    /// The file was edited since the policy was applied that the answer is about.
    struct Edit {
        /// How it was edited, or why it cannot be used.
        let text: String
        /// The answer once the file is applied; `nil` if it cannot be used.
        let after: Explanation?
        /// The command that shows what is wrong with the file.
        let checking: String

        /// Whether the file cannot be used.
        var isUnusable: Bool { after == nil }

        /// Lines for people.
        fileprivate var lines: [String] {
            let advice =
                "  the answer is from the policy as it was applied; \"\(checking)\" shows what is wrong with the file"
            return ["file: \(text.printable)"]
                + [after.map { "once the file is applied: \($0.verdict.rawValue): \($0.reason().printable)" } ?? advice]
        }
    }
}

extension Explanation {
    /// An entry of `allow` for programs.
    private static func json(_ entry: AllowEntry, _ mismatch: Mismatch?) -> JSON {
        ["policy": entry.location.json, "matches": .bool(mismatch == nil), "reason": JSON(mismatch?.text)]
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
    fileprivate var text: String {
        switch self {
        case .expired(let expiry): "it expired (\(expiry.written))"
        case .otherSources: "it has other sources"
        case .exempt: "\"except\" takes the source out"
        case .otherInterfaces(let patterns): "it holds on \(patterns.map(\.description).joined(separator: ", ")) only"
        }
    }
}

extension SourceLocation {
    /// The place in brackets after a space.
    var text: String { " (\(file):\(line))" }
}

extension PacketConclusion.Step {
    /// The rule, or the policy of a base chain.
    var text: String { place.rule?.text(in: place.table.family) ?? action }

    /// The step for programs.
    var json: JSON {
        [
            "table": .string(place.table.description), "chain": .string(place.chain),
            "rule": JSON(place.rule?.text(in: place.table.family)),
            "action": .string(action),
        ]
    }
}

extension Listener {
    /// The names of the processes, in brackets.
    fileprivate var processNames: String {
        guard case .processes(let processes) = owners, !processes.isEmpty else { return "" }
        let names = processes.map { process in
            process.container.map { "\(process.name) in \($0.text)" } ?? process.name
        }
        return " (\(Set(names).sorted().joined(separator: ", ")))"
    }

    fileprivate var json: JSON {
        let processes: [SocketProcess] = if case .processes(let list) = owners { list } else { [] }
        return [
            "address": .string(address.description), "port": .number(Int(port)),
            "loopback_only": .bool(isLoopbackOnly), "processes": .array(processes.map(\.json)),
        ]
    }
}
