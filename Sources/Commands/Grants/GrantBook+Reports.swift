internal import Auditing
internal import Compiler
internal import Rulesets

extension GrantBook {
    /// A line a grant that is in force, and one for what is not known.
    func lines(in live: Table?) -> [String] {
        let missing = Set(missing(in: live))
        let lines = active.map { record in
            record.text(left: left(record)) + (missing.contains(record) ? " [not in force]" : "")
        }
        return lines + [fault].compactMap(\.self)
    }

    /// The same for programs.
    func json(in live: Table?) -> JSON {
        let missing = Set(missing(in: live))
        return .array(active.map { $0.json(left: left($0), isLive: live != nil && !missing.contains($0)) })
    }

    /// What there is to say about the grants beside differences of the table.
    func findings(about live: Table?, _ compiled: CompiledPolicy) -> [Finding] {
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
