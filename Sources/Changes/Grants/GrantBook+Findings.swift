internal import Addressing
public import Auditing
public import Compiler
internal import Policies
public import Rulesets

extension GrantBook {
    /// Findings about grants besides the differences of the table.
    public func findings(about live: Table?, _ compiled: CompiledPolicy) -> [Finding] {
        // Without a table, nothing of it is in force, which another finding says.
        let (lost, lostBans) = live == nil ? ([], []) : (missing(in: live), bans.missing(in: live))
        var findings = lost.map { record in
            Finding.lost(
                "grant of \"\(record.service)\" for \(record.address)", "revoke", "\(record.service) \(record.address)",
                policy: compiled.origins.chains[Names.service(record.service)])
        }
        findings += lostBans.map { .lost("ban of \($0.addresses)", "unban", "ban \($0.addresses)") }
        if let fault = bans.fault { findings.append(Finding(.unknown, .warning, fault, aspect: "bans")) }
        if let fault, !isHidden || live?.grantedSources.isEmpty == false {
            findings.append(Finding(.unknown, .warning, fault, aspect: "grants"))
        }
        return findings
    }
}

extension Finding {
    /// A grant or a ban that should be in force.
    fileprivate static func lost(
        _ thing: String, _ end: String, _ aspect: String, policy: SourceLocation? = nil
    ) -> Finding {
        var finding = Finding(
            .rulesetDrift, .notice,
            "the \(thing) is not in force although it has not expired: "
                + "restore it with \"portreeve apply\", or end it with \"portreeve \(end)\"",
            table: Names.table.description, policy: policy)
        (finding.details.aspect, finding.details.isTemporary) = (aspect, true)
        return finding
    }
}
