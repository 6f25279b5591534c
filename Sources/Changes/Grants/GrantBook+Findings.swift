internal import Addressing
public import Auditing
public import Compiler
public import Rulesets

extension GrantBook {
    /// Findings about grants besides the differences of the table.
    public func findings(about live: Table?, _ compiled: CompiledPolicy) -> [Finding] {
        // Without a table, nothing of it is in force, which another finding says.
        let (lost, lostBans) = live == nil ? ([], []) : (missing(in: live), bans.missing(in: live))
        var findings = lost.map { record -> Finding in
            var finding = Finding(
                .rulesetDrift, .notice,
                "the grant of \"\(record.service)\" for \(record.address) is not in force although it has not expired: "
                    + "restore it with \"portreeve apply\", or end it with \"portreeve revoke\"",
                table: Names.table.description,
                policy: compiled.origins.chains[Names.service(record.service)])
            finding.details.aspect = "\(record.service) \(record.address)"
            return finding
        }
        findings += lostBans.map { record in
            var finding = Finding(
                .rulesetDrift, .notice,
                "the ban of \(record.addresses) is not in force although it has not expired: "
                    + "restore it with \"portreeve apply\", or end it with \"portreeve unban\"",
                table: Names.table.description)
            finding.details.aspect = "ban \(record.addresses)"
            return finding
        }
        if let fault = bans.fault { findings.append(Finding(.unknown, .warning, fault, aspect: "bans")) }
        if let fault, !isHidden || live?.grantedSources.isEmpty == false {
            findings.append(Finding(.unknown, .warning, fault, aspect: "grants"))
        }
        return findings
    }
}
