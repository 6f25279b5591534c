public import Compiler
internal import Policies
public import Rulesets

extension [Finding] {
    /// Every difference between the compiled table and the live one, each as a finding of its own.
    ///
    /// Counters, handles, limiter state and remaining timeouts are in neither value, so they are never drift. A changed
    /// comment is a notice.
    public static func drift(of live: Table?, from compiled: CompiledPolicy) -> [Finding] {
        let expected = compiled.table
        guard let live else {
            let message = "the table is not loaded: the policy is not in force"
            return [Finding(.rulesetDrift, .error, message, table: expected.name.description)]
        }
        // A live table that was read from the cache shares storage with the expected one, so this comparison is cheap.
        if live == expected { return [] }
        let drift = Drift(expected: expected, live: live, origins: compiled.origins)
        return drift.header() + drift.sets() + drift.chains()
    }
}

/// Compares two tables of the same name, part by part.
struct Drift {
    let expected: Table
    let live: Table
    let origins: Origins

    /// Differences in the table's own properties.
    func header() -> [Finding] {
        var findings: [Finding] = []
        if live.flags != expected.flags {
            let dormant: UInt32 = 1  // NFT_TABLE_F_DORMANT
            let message =
                live.flags & dormant != 0
                ? "the table is dormant: its rules are not in force"
                : "the table has flags 0x\(String(live.flags, radix: 16)), not 0x\(String(expected.flags, radix: 16))"
            findings.append(finding(message, details: .init(aspect: "flags")))
        }
        if live.userdata != expected.userdata {
            findings.append(
                finding("the table's comment is not portreeve's", .notice, details: .init(aspect: "comment")))
        }
        findings += live.objects.map { object in
            let kind = object.kind == .flowtable ? "flowtable" : "stateful object"
            return finding(
                "the \(kind) \"\(object.name)\" is not in the policy", details: .init(aspect: "\(kind) \(object.name)"))
        }
        return findings
    }

    /// Differences in chains and rules.
    func chains() -> [Finding] {
        let missing = expected.chains.filter { live.chain($0.name) == nil }.map { chain in
            finding("chain \"\(chain.name)\" is missing", chain: chain.name, details: .init(aspect: "missing"))
        }
        let extra = live.chains.filter { expected.chain($0.name) == nil }.map { chain in
            let hook = chain.base.map { " (\($0))" } ?? ""
            let rules = chain.rules.isEmpty ? "no rules" : chain.rules.map { "`\($0)`" }.joined(separator: ", ")
            return finding(
                "chain \"\(chain.name)\"\(hook) is not in the policy; it has \(rules)",
                chain: chain.name, details: .init(rule: rules, aspect: "extra"))
        }
        return missing + extra
            + expected.chains.flatMap { chain in live.chain(chain.name).map { compare(chain, with: $0) } ?? [] }
    }

    private func compare(_ expected: Chain, with live: Chain) -> [Finding] {
        var findings: [Finding] = []
        if expected.header != live.header {
            let difference = headerDifference(expected, live)
            findings.append(finding(difference, chain: expected.name, details: .init(aspect: difference)))
        }
        return findings
            + RuleDrift(expected: expected.rules, live: live.rules).changes.map { change in
                finding(
                    change.message(in: expected.name), change.severity, chain: expected.name,
                    policy: origin(of: change.rule, in: expected.name), details: change.details)
            }
    }

    private func headerDifference(_ expected: Chain, _ live: Chain) -> String {
        switch (expected.base, live.base) {
        case (let wanted?, let found?) where wanted != found:
            var samePolicy = found
            samePolicy.policy = wanted.policy
            return samePolicy == wanted
                ? "the policy of chain \"\(expected.name)\" is \(found.policy), not \(wanted.policy)"
                : "chain \"\(expected.name)\" is \"\(found)\", not \"\(wanted)\""
        case (let wanted?, nil): return "chain \"\(expected.name)\" has no hook; expected \"\(wanted)\""
        case (nil, let found?): return "chain \"\(expected.name)\" has a hook that is not in the policy: \"\(found)\""
        default: return "chain \"\(expected.name)\" has flags or a comment that are not in the policy"
        }
    }

    /// The line of the policy that a rule of the chain comes from; `nil` for one that every policy has.
    private func origin(of rule: Rule, in chain: String) -> SourceLocation? {
        (rule.isDenial(in: chain) ? origins.deny : nil) ?? origins.chains[chain]
    }

    func finding(
        _ message: String, _ severity: Finding.Severity = .error, chain: String? = nil, set: String? = nil,
        policy: SourceLocation? = nil, details: Finding.Details = .init()
    ) -> Finding {
        let place = policy ?? chain.flatMap { origins.chains[$0] } ?? set.flatMap { origins.sets[$0] }
        return Finding(
            .rulesetDrift, severity, message, table: expected.name.description, chain: chain, set: set, policy: place
        ).with(details)
    }
}
