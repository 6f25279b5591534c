internal import Addressing
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Printing
internal import Reachability
internal import Rulesets
internal import System

extension Explain {
    /// Explains a connection that this host begins: the first argument is its destination.
    func executeOut(on host: Host, _ console: Console) throws -> ExitStatus {
        let destination = try AddressArgument(source).address
        guard let view = try look(on: host, console) else {
            let policy = try namedPolicy.load(on: host, console)
            write(
                OutboundExplanation(
                    try outboundQuestion(destination, policy), policy: policy, tables: [compile(policy).table],
                    isLive: false, now: host.now), to: console)
            return .success
        }
        var question = try outboundQuestion(destination, view.verified.policy)
        question.setting = view.ruleset.circumstances(now: host.now)
        if interface == nil, !question.isWithinHost { question.interface = host.sessions.interface(to: destination) }
        let live = OutboundExplanation(
            question, policy: view.verified.policy, tables: view.ruleset.tables, isLive: true, now: host.now)
        guard !asksKernel, view.ruleset.own.table == nil else {
            write(live, to: console)
            return .success
        }
        let policy = view.verified.declared ?? view.verified.policy
        let tables = [compile(policy).table] + view.ruleset.neighbours
        write(
            OutboundExplanation(question, policy: policy, tables: tables, isLive: false, now: host.now), today: live,
            to: console)
        return .success
    }

    private func outboundQuestion(
        _ destination: IPAddress, _ policy: Policy
    ) throws(CommandError) -> OutboundExplanation.Question {
        var (protocolNumber, number): (TransportProtocol, UInt16)
        if let transport {
            (protocolNumber, number) = (try protocolNamed(transport, of: destination.family), 0)
        } else {
            let named = try PortArgument(port ?? "", of: Policy(services: []))
            (protocolNumber, number) = (named.transport, named.port)
        }
        return OutboundExplanation.Question(
            to: destination, protocolNumber, port: number, user: try outboundUser(policy), interface: interface)
    }

    /// The user by number, or by a name of the user database or of the policy.
    private func outboundUser(_ policy: Policy) throws(CommandError) -> OutboundUser? {
        guard let user else { return nil }
        if let number = UInt32(user) { return OutboundUser(written: user, number: number) }
        if let number = TrustedFiles().number(ofUser: user) { return OutboundUser(written: user, number: number) }
        throw CommandError(.usage, "unknown user \"\(user.printable)\": write a user of this host, or a number")
    }

    private func write(_ answer: OutboundExplanation, today: OutboundExplanation? = nil, to console: Console) {
        if console.isJSON {
            console.print(answer.json(today: today))
        } else {
            console.print(answer.text(console, today: today))
        }
    }
}

extension OutboundExplanation {
    /// The answer for people; where the policy is not loaded, first what holds `today`.
    func text(_ console: Console, today: OutboundExplanation? = nil) -> String {
        let port = question.transport.text(question.port...question.port)
        let asked = "this host to \(question.destination) \(port)"
        var lines: [String]
        if let today {
            let (label, reason) = (today.verdict.label(console), today.reasonWithoutPolicy.printable)
            lines = [
                "\(label) \(asked) today, since the policy is not loaded: \(reason)",
                "once the policy is applied: \(verdict.rawValue): \(self.reason.printable)",
            ]
        } else {
            let ruleset = isLive ? "the live ruleset" : "the policy"
            lines = ["\(verdict.label(console)) \(asked) by \(ruleset): \(reason.printable)"]
        }
        if let place { lines.append("policy: \(place.file.printable):\(place.line)") }
        if let change { lines.append("to let it out: \(change)") }
        let steps = conclusion.trace.map { "  \($0.place.chain): \($0.text)" }
        if differences.isEmpty, !steps.isEmpty { lines += ["rules:"] + steps.map(\.printable) }
        return lines.joined(separator: "\n")
    }

    /// The answer for programs.
    func json(today: OutboundExplanation? = nil) -> JSON {
        [
            "format_version": 1, "direction": "out", "verdict": .string(verdict.rawValue), "reason": .string(reason),
            "asked": .string(isLive ? "kernel" : "policy"), "section": JSON(line == nil ? nil : "outbound"),
            "service": JSON(line?.name), "policy": place?.json ?? .null, "user": JSON(question.user?.written),
            "limited": .bool(conclusion.isLimited), "redirected": JSON(conclusion.redirection.map { "\($0)" }),
            "change": JSON(change), "trace": .array(conclusion.trace.map(\.json)),
            "interface": JSON(question.interface), "listeners": .null,
            "today": today.map {
                ["verdict": .string($0.verdict.rawValue), "reason": .string($0.reasonWithoutPolicy)]
            } ?? .null,
        ]
    }

    /// The reason where portreeve's table is not loaded, so that no line of the policy decides.
    private var reasonWithoutPolicy: String {
        if !differences.isEmpty || verdict == .unknown || isForeign && verdict == .refuse { return reason }
        if question.isWithinHost { return "it stays on this host" }
        return "no rule refuses it: \(conclusion.decision.map { "\($0)" } ?? "it passes no base chain")"
    }

    /// The reason in one sentence.
    var reason: String {
        if !differences.isEmpty { return differenceText }
        switch conclusion.verdict {
        case .unknown(let rules):
            let names = rules.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
            return "it depends on a rule that tests more than is known here: \(names)"
        case .accept where question.isWithinHost: return "always let out: it stays on this host"
        case .accept where policy.defaults.outbound == .accept && !isForeign:
            return "\"defaults.outbound\" is accept: nothing that leaves is refused"
        case .accept where isAuditOnly:
            return "no line of \"outbound\" lets it out; \"defaults.outbound\" is audit, which lets it pass"
        case .accept:
            let limit = conclusion.isLimited ? ", within its limit" : ""
            if let line { return "outbound \"\(line.name)\" lets it out\(limit)" }
            return "no rule refuses it: \(conclusion.decision.map { "\($0)" } ?? "it passes no base chain")"
        case .refuse where isForeign:
            return "another table refuses it: \"\(conclusion.decision.map { "\($0)" } ?? "")\""
        case .refuse where verdict == .unknown: return "no address of a DNS name of \"outbound\" is known"
        case .refuse where answer == .denied: return "\"deny\" covers the destination"
        case .refuse: return "no line of \"outbound\" lets it out"
        }
    }

    /// The smallest change that would let it out; `nil` if it goes out, or if that is not known.
    private var change: String? {
        guard verdict == .refuse || isAuditOnly, !isForeign else { return nil }
        if answer == .denied { return "remove \(question.destination) from \"deny\"" }
        return "add \(suggestion) to \"outbound\""
    }

    /// On what the verdict depends, the verdicts, and the options that decide it.
    private var differenceText: String {
        let (users, interfaces) = (isDecided { $0.user.title }, isDecided { $0.interface ?? "" })
        if users { return "it depends on the user: \(verdictsText { $0.user.title }): name one with --user" }
        if interfaces {
            let text = verdictsText { $0.interface ?? "" }
            return "it depends on the interface: \(text): name one with --interface"
        }
        let text = verdictsText { $0.user.title + ($0.interface.map { " by \($0)" } ?? "") }
        return "it depends on the user and the interface: \(text): name them with --user and --interface"
    }

    /// Whether one property of a case decides its verdict.
    private func isDecided(_ property: (OutboundExplanation.Case) -> String) -> Bool {
        Dictionary(grouping: differences) { property($0.place) }.values.allSatisfy { Set($0.map(\.verdict)).count == 1 }
    }

    /// The verdicts, each with the cases that have it: `accept for user root; refuse for other users`.
    private func verdictsText(_ title: (OutboundExplanation.Case) -> String) -> String {
        [ConnectionVerdict.accept, .refuse, .unknown].compactMap { verdict in
            var seen: Set<String> = []
            let titles = differences.filter { $0.verdict == verdict }.map { title($0.place) }.filter {
                seen.insert($0).inserted
            }
            return titles.isEmpty ? nil : "\(verdict.rawValue) for \(titles.joined(separator: ", "))"
        }.joined(separator: "; ")
    }
}

extension SocketUser {
    /// The class of users in words.
    var title: String {
        switch self {
        case .number: "user \(name)"
        case .other: "other users"
        case .none: "the kernel"
        }
    }
}
