internal import Addressing
public import Compiler
public import Policies
public import Reachability
public import Rulesets

extension [Finding] {
    /// Effects of other tables on connections that the policy allows, each with a witness and the rule.
    ///
    /// A connection that is forwarded to a container is not a finding if the policy applies to it anyway
    /// (`published: enforce`).
    public static func foreignOverrides(
        of policy: Policy, compiled: CompiledPolicy, others: [Table], in circumstances: Circumstances
    ) -> [Finding] {
        guard !others.isEmpty else { return [] }
        let overrides = [AccessOverride](of: compiled.table, by: others, in: circumstances)
        var findings: [Finding] = []
        var places: [OverrideSubject: Int] = [:]
        let owners = ServicePorts(policy)
        for override in overrides {
            for (service, ports) in owners.owners(override.transport, override.ports)
            where service.isReached(at: override.destination) && policy.minds(override.effect, on: service) {
                let subject = OverrideSubject(override, ports, service)
                if let place = places[subject] {
                    // What one family or interface refuses beyond bans is more than bans.
                    if !override.isOfBans { findings[place].details.isBan = false }
                } else {
                    places[subject] = findings.count
                    findings.append(Finding(override, on: ports, of: service))
                }
            }
        }
        return findings
    }
}

/// The parts of a finding that do not differ between families and interfaces: each chain is reported once per port.
private struct OverrideSubject: Hashable {
    let effect: AccessOverride.Effect
    let table: TableName
    let chain: String
    let service: String
    let transport: TransportProtocol
    let ports: ClosedRange<UInt16>
    /// The family whose discovery is dropped: the other one has another protocol.
    let family: AddressFamily?

    init(_ override: AccessOverride, _ ports: ClosedRange<UInt16>, _ service: Service) {
        effect = override.effect
        (table, chain) = (override.place.table, override.place.chain)
        self.service = service.name
        transport = override.transport
        family = override.effect.isOfFamily ? override.family : nil
        self.ports = ports
    }
}

extension Service {
    /// Whether it is reached at an address of the class.
    fileprivate func isReached(at destination: DestinationClass) -> Bool {
        guard let own = destinations?.addresses, let addresses = destination.addresses else { return true }
        return !own.intersection(addresses).isEmpty
    }
}

extension Policy {
    fileprivate func minds(_ effect: AccessOverride.Effect, on service: Service) -> Bool {
        switch effect {
        // It would take the connections of a forward, which leads elsewhere.
        case .forwarded: defaults.published != .enforce || service.section == .forward
        // The replies of another host are not this host's.
        case .silenced, .silencedLater: service.forwarding?.isLocal ?? true
        case .silencedTarget: service.section == .forward
        case .refused, .unresolved, .forgotten, .redirected, .interrupted, .separated, .unknown: true
        }
    }
}

extension Finding {
    fileprivate init(_ override: AccessOverride, on ports: ClosedRange<UInt16>, of service: Service) {
        let port = AuditedPort(override.transport, ports)
        let witness = override.sources.witness?.description ?? "no address"
        let rule = override.place
        let message =
            switch override.effect {
            case .refused:
                "\(rule.table) drops connections to \(port.text) that \(service.kind) \"\(service.name)\" allows"
            case .silenced:
                "\(rule.table) drops the replies of \(port.text) to clients that \(service.kind) \"\(service.name)\" allows"
            case .silencedTarget:
                "\(rule.table) drops replies from the target of \(service.kind) \"\(service.name)\" on \(port.text)"
            case .silencedLater:
                "\(rule.table) drops all but the first reply of \(port.text) to clients that \(service.kind) \"\(service.name)\" allows"
            case .interrupted:
                "\(rule.table) drops all but the first packet of connections to \(port.text) that \(service.kind) \"\(service.name)\" allows"
            case .separated:
                "\(rule.table) has the replies of \(port.text) tracked in another zone than the connections that \(service.kind) \"\(service.name)\" allows: they do not count as established"
            case .unresolved:
                "\(rule.table) drops \(override.family.discovery): hosts on the link cannot find this host, and new clients that \(service.kind) \"\(service.name)\" allows cannot connect to \(port.text)"
            case .forgotten:
                "\(rule.table) drops the \(override.family == .ipv4 ? "ARP requests" : "neighbour solicitations") of this host or the answers to them: it may lose its neighbours, and it is not known when connections to \(port.text) break"
            case .redirected:
                "\(rule.table) redirects connections to \(port.text) of \(service.kind) \"\(service.name)\""
            case .forwarded:
                "\(rule.table) sends connections to \(port.text) elsewhere, past \(service.kind) \"\(service.name)\""
            case .unknown: "the effect of \(rule.table) on connections to \(port.text) is not known"
            }
        let severity: Severity = override.effect.isDrop && override.isWhole && override.isFatal ? .error : .warning
        self.init(
            override.effect.identifier, severity,
            "\(message), for example from \(witness): \"\(rule)\"", service: service.name, port: port,
            table: rule.table.description, chain: rule.chain, policy: service.location)
        details.aspect = override.effect.word + (override.effect.isOfFamily ? "-\(override.family.rawValue)" : "")
        details.isBan = override.isOfBans
        details.isBypass = [.redirected, .forwarded].contains(override.effect)
    }
}

extension AccessOverride {
    /// Whether no connection works: of replies in another zone only TCP needs more than that they arrive.
    fileprivate var isFatal: Bool { effect != .separated || transport == .tcp }

    /// Whether it refuses only addresses and networks as small as a ban.
    fileprivate var isOfBans: Bool { effect.isDrop && !isWhole && sources.isOfBans }
}

extension AccessOverride.Effect {
    /// The kind of the finding.
    fileprivate var identifier: Finding.Identifier {
        switch self {
        case .unknown, .forgotten: .unknown
        case .separated: .foreignBypass
        default: .foreignOverride
        }
    }

    /// Whether the families are reported apart, which have protocols of their own.
    fileprivate var isOfFamily: Bool { self == .unresolved || self == .forgotten }

    /// The effect in one word.
    fileprivate var word: String {
        switch self {
        case .refused: "drops"
        case .silenced: "silences"
        case .silencedTarget: "silences-target"
        case .silencedLater: "silences-later"
        case .interrupted: "interrupts"
        case .separated: "separates"
        case .unresolved: "unresolves"
        case .forgotten: "forgets"
        case .redirected: "redirects"
        case .forwarded: "forwards"
        case .unknown: "unknown"
        }
    }
}

extension AddressSet {
    /// The largest range that counts as a ban: a network of 256 addresses, or an IPv6 prefix of 48 bits.
    private static let largestBan: (ipv4: UInt32, ipv6: UInt128) = (255, UInt128(1) << 80 - 1)

    /// Whether every range is small enough for a ban by a program.
    fileprivate var isOfBans: Bool {
        ipv4.ranges.allSatisfy { $0.upperBound - $0.lowerBound <= Self.largestBan.ipv4 }
            && ipv6.ranges.allSatisfy { $0.upperBound - $0.lowerBound <= Self.largestBan.ipv6 }
    }
}
