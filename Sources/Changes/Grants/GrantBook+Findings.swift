public import Auditing
public import Compiler
public import Rulesets

extension GrantBook {
    /// What there is to say about the grants beside differences of the table.
    public func findings(about live: Table?, _ compiled: CompiledPolicy) -> [Finding] {
        var findings = missing(in: live).map { record in
            Finding(
                .rulesetDrift, .notice,
                "the grant of \"\(record.service)\" for \(record.address) is not in force though its time is not over: "
                    + "apply puts it back, revoke forgets it",
                table: Names.table.description,
                policy: compiled.origins.location(ofChain: Names.service(record.service)))
        }
        if let fault, !isHidden || live?.grantedSources.isEmpty == false {
            findings.append(Finding(.unknown, .warning, fault))
        }
        return findings
    }
}
