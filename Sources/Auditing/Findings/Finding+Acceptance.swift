internal import Addressing
internal import Listeners
public import Policies

extension [Finding] {
    /// The findings; accepted ones are notices.
    ///
    /// An acceptance that is over accepts nothing; the finding says so. Time in seconds since 1970-01-01T00:00:00Z.
    public func accepting(_ acceptances: [Acceptance], now: Int64) -> [Finding] {
        guard !acceptances.isEmpty else { return self }
        return map { finding in
            let covering = acceptances.filter { $0.covers(finding) }
            var finding = finding
            if let acceptance = covering.first(where: { !$0.isOver(at: now) }) {
                finding.severity = .notice
                finding.acceptance = acceptance
            } else if let until = covering.first?.until {
                finding.message += "; its acceptance ended (\(until.written))"
            }
            return finding
        }
    }
}

extension Acceptance {
    /// Whether the entry is about this finding.
    ///
    /// An entry for a whole table covers what the table drops. What the table lets around the policy must be accepted port by
    /// port.
    public func covers(_ finding: Finding) -> Bool {
        guard finding.identifier != .rulesetDrift, self.finding == finding.identifier.rawValue else { return false }
        if finding.details.isBypass && ports.isEmpty { return false }
        return covers(finding.port) && terms.allSatisfy { $0.covers(finding) }
    }

    private func covers(_ port: AuditedPort?) -> Bool {
        if ports.isEmpty { return true }
        guard let port else { return false }
        return ports.contains {
            $0.transport == port.transport && $0.range.contains(port.range.lowerBound)
                && $0.range.contains(port.range.upperBound)
        }
    }

    /// Whether the entry accepts nothing any more; `now` in seconds since 1970-01-01T00:00:00Z.
    public func isOver(at now: Int64) -> Bool { until.map { now >= $0.end } ?? false }
}

extension Acceptance.Term {
    fileprivate func covers(_ finding: Finding) -> Bool {
        values(in: finding).contains { matches($0) }
    }

    /// The texts of a finding that the term is compared with.
    private func values(in finding: Finding) -> [String] {
        let details = finding.details
        let values: [String?] =
            switch attribute {
            case .address: [finding.port?.address?.description]
            case .service: [finding.service]
            case .process: finding.programs
            case .unit: [details.unit, finding.process?.unit]
            case .table: [finding.table]
            case .chain: [finding.chain]
            case .set: [finding.set]
            case .element: [details.element]
            case .rule: [details.rule]
            case .interface: [details.interface]
            case .source: [details.source]
            }
        return values.compactMap(\.self)
    }
}

extension Finding {
    /// The executable by its path and by its name.
    fileprivate var programs: [String?] {
        guard let process else { return [] }
        return [process.executable, process.executable?.split(separator: "/").last.map(String.init) ?? process.name]
    }

    /// The message, with the reason if the policy accepts the finding.
    public var sentence: String {
        guard let acceptance else { return message }
        let until = acceptance.until.map { "until \($0.written)" }
        let facts = [acceptance.why, acceptance.owner, acceptance.ticket, until].compactMap(\.self)
        return "\(message) (accepted\(facts.isEmpty ? "" : ": ")\(facts.joined(separator: "; ")))"
    }
}
