internal import Auditing
internal import Changes
internal import Policies
internal import Printing

/// What metrics say of a host beside its findings.
struct HostFacts {
    /// The SHA-256 of the policy that is in force and of the files that it includes, in the order in which they are read.
    let policyHash: String
    /// The time at which each service or entry of `trusted` that expires does so, the first one of its entries, by name.
    let expiries: [(name: String, time: Int64)]
    /// The number of grants that were made and not ended.
    let grants: Int
    /// When the pending change will be undone; `nil` if there is none, or if the state cannot be read.
    let undo: Int64?

    init(_ policy: Policy, grants: Int, undo: Int64?) {
        policyHash = policy.hash
        let ends = policy.services.flatMap { service in service.entries.map { (service.name, $0.expires?.end) } }
        let others = policy.trusted.map { ($0.name, $0.entry.expires?.end) }
        let known = (ends + others).compactMap { name, end in end.map { (name, $0) } }
        expiries = Dictionary(known, uniquingKeysWith: min).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.grants = grants
        self.undo = undo
    }
}

extension Policy {
    /// The SHA-256 of the policy and its included files; lists change by themselves, and are not part of it.
    var hash: String {
        var hash = SHA256()
        for (index, text) in texts.enumerated() where !lists.contains(index) { hash.update(text) }
        return hash.digest()
    }
}

extension VerificationReport {
    /// Metrics of the host: every value that two hosts of a fleet can differ in, and no name that comes from another program.
    func fleetMetrics(_ facts: HostFacts) -> [String] {
        let pending = facts.undo.map {
            Self.metric(
                "portreeve_pending_undo_timestamp_seconds", "When the change that waits to be confirmed is undone.",
                ["portreeve_pending_undo_timestamp_seconds \($0)"])
        }
        let ends = facts.expiries.map { "portreeve_expiry_timestamp_seconds{service=\"\($0.name)\"} \($0.time)" }
        return Self.metric(
            "portreeve_policy_info", "The policy in force, by the SHA-256 of its files.",
            ["portreeve_policy_info{hash=\"\(facts.policyHash)\"} 1"])
            + Self.metric(
                "portreeve_pending_change", "Whether a change waits to be confirmed.",
                ["portreeve_pending_change \(facts.undo == nil ? 0 : 1)"]) + (pending ?? [])
            + Self.metric(
                "portreeve_grants", "Grants that were made and not ended.", ["portreeve_grants \(facts.grants)"])
            + (generation.map {
                Self.metric(
                    "portreeve_ruleset_generation", "The generation of the ruleset.",
                    ["portreeve_ruleset_generation \($0)"])
            } ?? [])
            + (ends.isEmpty
                ? [] : Self.metric("portreeve_expiry_timestamp_seconds", "When an entry of the policy expires.", ends))
            + serviceFindings
    }

    /// The findings by service: only services of the policy are named.
    private var serviceFindings: [String] {
        let labels = findings.compactMap { finding in
            finding.service.map {
                "service=\"\($0.labelValue)\",id=\"\(finding.identifier.rawValue)\",severity=\"\(finding.severity.rawValue)\""
            }
        }
        guard !labels.isEmpty else { return [] }
        let counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        return Self.metric(
            "portreeve_service_findings", "What the last run found about services of the policy.",
            counts.map { "portreeve_service_findings{\($0.key)} \($0.value)" })
    }
}
