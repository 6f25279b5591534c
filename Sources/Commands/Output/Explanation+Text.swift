internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Printing
internal import Reachability
internal import Rulesets

extension Explanation {
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
                ? "\(place): allowed clients cannot connect; bind it to another address"
                : "\(place): no other host can reach it"
        }
        return listeners.map { "\($0.address)\($0.processNames)" }.joined(separator: ", ")
    }

    /// The targets of the forward that leads the connection elsewhere, and how one of several is chosen; `nil` for none.
    private var targetText: String? {
        guard forwarding != nil, !targets.isEmpty else { return nil }
        let list = targets.map(\.description).joined(separator: " or ")
        guard targets.count > 1, let balance = service?.forwarding?.balance else { return list }
        return list + (balance == .source ? ", by the address of the client" : ", round-robin")
    }

    private var placeOfTarget: String { conclusion.target.map { " at \($0)" } ?? "" }

    /// The explanation for people, on one screen.
    ///
    /// `today` is the answer of the live tables where the policy is not loaded; `granting` is the command of a grant that would
    /// let the source in; `nil` if none would.
    func text(
        _ console: Console, grant: String?, names: [NameSight] = [], edit: Edit? = nil, today: Explanation? = nil,
        granting: String? = nil
    ) -> String {
        var lines = verdictLines(console, grant: grant, isEdited: edit != nil, today: today)
        if let interface = assumedInterface {
            lines.append("arrives: on \(interface.printable), by the route back to \(question.source)")
        }
        if let place {
            lines.append("policy: \(place.file.printable):\(place.line)\(edit == nil ? "" : ", as it was applied")")
        }
        if let listPlace { lines.append("list: \(listPlace.file.printable):\(listPlace.line)") }
        lines += names.map { "name: \($0.text(of: question.source))" }
        lines += passedEntries.map { "passed over: \($0.printable)" }
        if let targetText {
            lines.append("forwarded: to \(targetText)")
        } else if let rule = conclusion.redirection {
            lines.append("redirected: \("\(rule)".printable)")
        }
        if let hindrance { lines.append("but: \(hindrance.text(for: question.source.family).printable)") }
        if let audience { lines.append("listens: \(audience.printable)") }
        if let change = nearestChange(given: edit) {
            lines.append("to let it in: \(([change] + caveats(given: edit)).joined(separator: "; ").printable)")
        }
        if let granting { lines.append("for a time: run \"\(granting.printable)\"") }
        if let edit { lines += edit.lines }
        let trace = conclusion.trace.map { "  \($0.place.table) \($0.place.chain): \($0.text)".printable }
        let heading = today == nil ? "trace:" : "trace by the policy:"
        return (lines + (trace.isEmpty ? [] : [heading] + trace)).joined(separator: "\n")
    }

    /// The verdict with its reason; where the policy is not loaded, first what holds today.
    private func verdictLines(
        _ console: Console, grant: String?, isEdited: Bool, today: Explanation?
    ) -> [String] {
        let asked = "\(question.addresses.text) to \(portText)"
        let reason = reason(grant: grant, isEdited: isEdited).printable
        guard let today else {
            return ["\(verdict.label(console)) \(asked) by \(isLive ? "the live ruleset" : "the policy"): \(reason)"]
        }
        return [
            "\(today.verdict.label(console)) \(asked) today, since the policy is not loaded: \(today.reason().printable)",
            "once the policy is applied: \(verdict.rawValue): \(reason)",
        ]
    }

    /// The file was edited since the policy was applied that the answer is about.
    struct Edit {
        /// How it was edited, or why it cannot be used.
        let text: String
        /// The answer once the file is applied; `nil` if it cannot be used.
        let after: Explanation?

        /// Where the policy in force was read, and what brings the file back; `nil` if there is a file.
        var absence: Absence?

        /// A file that does not exist.
        struct Absence {
            /// The path of the policy in force, if it is another one.
            var other: String?
            /// What brings back the file.
            let restoring: String
        }

        /// Whether the file cannot be used.
        var isUnusable: Bool { after == nil }

        /// What must come before or after a change of the policy, since the file is not what is in force.
        var caveats: [String] {
            guard isUnusable else { return [] }
            guard let absence else { return ["the errors of the file must be corrected first"] }
            return [
                absence.other.map { "then run \"portreeve apply \($0)\"" }
                    ?? "the file must be restored first: \(absence.restoring)"
            ]
        }

        /// What must be done to the file before it can be applied.
        var repair: String {
            guard isUnusable else { return "undo the edit of the policy" }
            return absence.map { "restore the file (\($0.restoring))" } ?? "correct the errors of the file"
        }

        /// Lines for people.
        fileprivate var lines: [String] {
            let start = "  the answer is from the policy as it was applied"
            let advice =
                start + (absence == nil ? "; \"portreeve check\" shows what is wrong with the file" : "")
            return ["file: \(text.printable)"]
                + [after.map { "once the file is applied: \($0.verdict.rawValue): \($0.reason().printable)" } ?? advice]
        }
    }
}

extension ConnectionVerdict {
    /// The verdict in its colour, before an answer.
    func label(_ console: Console) -> String {
        "\(console.styled(rawValue, self == .accept ? .green : self == .refuse ? .red : .yellow)):"
    }
}

extension ExchangeObstacle {
    /// The effect on clients of a family, and the rule.
    func text(for family: AddressFamily) -> String {
        let effect =
            switch self.effect {
            case .silenced, .silencedTarget: "the replies are dropped"
            case .silencedLater: "all replies but the first are dropped"
            case .interrupted: "all packets but the first are dropped"
            case .unresolved: "\(family.discovery) is dropped: hosts on the link cannot find this host"
            default: "the replies do not count as established, since they are tracked in another zone"
            }
        return "\(effect): \"\(place)\""
    }
}

extension SourceLocation {
    /// The place in brackets after a space.
    var text: String { " (\(file):\(line))" }
}

extension PacketConclusion.Step {
    /// The rule, or the policy of a base chain.
    var text: String { place.rule?.text(in: place.table.family) ?? action }
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
}
