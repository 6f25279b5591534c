internal import Addressing
public import Compiler
public import Policies
public import Reachability
public import Rulesets

extension [Finding] {
    /// What the tables of others do to connections that the policy lets in, each with a witness and the rule.
    ///
    /// A connection that is sent to a container is no finding where the policy decides over it all the same
    /// (`published: enforce`).
    public static func foreignOverrides(
        of policy: Policy, compiled: CompiledPolicy, others: [Table], in circumstances: Circumstances
    ) -> [Finding] {
        guard !others.isEmpty else { return [] }
        let overrides = [AccessOverride](of: compiled.table, by: others, in: circumstances)
        var findings: [Finding] = []
        var seen: Set<Finding> = []
        let owners = ServicePorts(policy)
        for override in overrides where policy.minds(override.effect) {
            for (service, ports) in owners.owners(override.transport, override.ports) {
                let finding = Finding(override, on: ports, of: service)
                if seen.insert(finding.summary).inserted { findings.append(finding) }
            }
        }
        return findings
    }
}

extension Policy {
    fileprivate func minds(_ effect: AccessOverride.Effect) -> Bool {
        effect != .forwarded || defaults.published != .enforce
    }
}

extension Finding {
    fileprivate init(_ override: AccessOverride, on ports: ClosedRange<UInt16>, of service: Service) {
        let port = AuditedPort(override.transport, ports)
        let witness = override.sources.witness?.description ?? "nobody"
        let rule = override.place
        let message =
            switch override.effect {
            case .refused: "\(rule.table) drops connections to \(port.text) that service \"\(service.name)\" lets in"
            case .redirected: "\(rule.table) redirects connections to \(port.text) of service \"\(service.name)\""
            case .forwarded:
                "\(rule.table) sends connections to \(port.text) elsewhere, past service \"\(service.name)\""
            case .unknown: "what \(rule.table) does to connections to \(port.text) is not known"
            }
        let severity: Severity = override.effect == .refused && override.isWhole ? .error : .warning
        self.init(
            override.effect == .unknown ? .unknown : .foreignOverride, severity,
            "\(message), from \(witness) for one: \"\(rule)\"", service: service.name, port: port,
            table: rule.table.description, chain: rule.chain, policy: service.location)
    }

    /// The finding without what differs between families and interfaces, so that each rule is named once a port.
    fileprivate var summary: Finding {
        var copy = self
        copy.message = ""
        copy.severity = .warning
        return copy
    }
}
