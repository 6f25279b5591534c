public import Addressing
internal import Compiler
internal import Listeners
public import Policies
public import Reachability
public import Rulesets

/// Says of logged packets why the policy refuses them now.
///
/// The policy decides, not what was logged: it may have changed since, and another table can use portreeve's prefixes.
public struct RefusalAudit {
    private let policy: Policy
    private let outbound: OutboundLines
    /// The compiled policy with the grants and bans that are in force.
    private let table: Table
    private let circumstances: Circumstances
    private let now: Int64
    /// The ports of this host that lead to an address elsewhere.
    private let publishedPorts: (TransportProtocol, IPAddress) -> [UInt16]

    /// An audit.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - table: the compiled policy with the grants and bans that are in force.
    ///   - circumstances: the addresses and routes of the host.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - publishedPorts: the ports that other tables redirect to an address; called for forwarded packets whose dialled port
    ///     was not logged.
    public init(
        policy: Policy, table: Table, in circumstances: Circumstances, now: Int64,
        publishedPorts: @escaping (TransportProtocol, IPAddress) -> [UInt16]
    ) {
        (self.policy, self.table, self.circumstances, self.now) = (policy, table, circumstances, now)
        outbound = OutboundLines(policy, now: now)
        self.publishedPorts = publishedPorts
    }

    /// The refusals, the last one first.
    public func judge(_ tally: RefusalTally) -> [Refusal] {
        var refusals = Refusal.merged(tally.counts.map(judge))
        refusals.markScans()
        return refusals
    }

    private func judge(_ knock: RefusalTally.Knock, _ count: RefusalTally.Count) -> Refusal {
        var refusal = Refusal(knock: knock, count: count, port: knock.decidedPort, verdict: .unknown)
        if knock.direction == .outbound {
            (refusal.verdict, refusal.reason) = departure(knock)
        } else if knock.transport == .icmp || knock.transport == .icmpv6 {
            (refusal.verdict, refusal.reason) = control(knock)
        } else {
            if knock.direction == .forwarded && knock.dialledPort == nil { refusal.port = publishedPort(knock) }
            explain(&refusal)
        }
        return refusal
    }

    /// What becomes of a packet of this host.
    private func departure(_ knock: RefusalTally.Knock) -> (JudgedConnection.Verdict, RefusalReason?) {
        let isAudit = policy.defaults.outbound == .audit
        guard knock.transport != .icmp, knock.transport != .icmpv6 else {
            return (isAudit ? .accept : .refuse, .controlMessage)
        }
        switch outbound.answer(to: OutboundCall(knock)) {
        case _ where policy.defaults.outbound == .accept: return (.accept, nil)
        case .accepted: return (.accept, nil)
        case .denied: return (isAudit ? .accept : .refuse, .denied)
        // Without the user or the interface it is known that a line did not let it out when it was logged.
        case .refused, .unknown: return (isAudit ? .accept : .refuse, .outbound)
        }
    }

    /// The only port of this host that leads there; `nil` if there are several.
    private func publishedPort(_ knock: RefusalTally.Knock) -> UInt16? {
        let ports = publishedPorts(knock.transport, knock.destination)
        return ports.count == 1 ? ports[0] : nil
    }

    private func explain(_ refusal: inout Refusal) {
        let knock = refusal.knock
        // A fragment, or a redirected packet whose dialled port is not known.
        guard refusal.port != nil || !knock.transport.hasPorts else { return }
        var question = Explanation.Question(
            source: knock.source, transport: knock.transport, port: refusal.port ?? 0, interface: knock.interface)
        question.setting = circumstances
        // A redirected packet was dialled at another address than the one where it was logged.
        if knock.direction == .inbound { question.destination = knock.destination.value }
        let answer = Explanation(question, policy: policy, tables: [table], isLive: true, now: now)
        refusal.explanation = answer
        refusal.verdict =
            switch answer.verdict {
            case .accept: .accept
            case .refuse: .refuse
            case .unknown: .unknown
            }
        refusal.reason = answer.refusalReason
        guard answer.verdict == .accept, answer.conclusion.isLimited, case .limited = knock.prefix,
            let service = answer.service?.name
        else { return }
        // It is let in while it keeps the limit.
        (refusal.verdict, refusal.reason) = (.refuse, .overLimit(service: service))
    }

    /// What becomes of a message of ICMP; those that IP needs are accepted before anything is refused.
    private func control(_ knock: RefusalTally.Knock) -> (JudgedConnection.Verdict, RefusalReason?) {
        let source = knock.source
        if policy.deny?.addresses.contains(source) == true { return (.refuse, .denied) }
        if table.bannedSources.contains(where: { AddressSet($0.addresses).contains(source) }) {
            return (.refuse, .banned)
        }
        if !policy.defaults.families.contains(source.family) { return (.refuse, .otherFamily) }
        guard knock.isEchoRequest else { return (.refuse, .controlMessage) }
        let isAnswered = policy.defaults.pingSources.map { $0.addresses.contains(source) } ?? true
        return policy.defaults.ping == .accept && isAnswered ? (.accept, nil) : (.refuse, .ping)
    }
}

extension RefusalTally.Knock {
    /// RFC 792, RFC 4443 4.1.
    public var isEchoRequest: Bool {
        transport == .icmp && messageType == 8 || transport == .icmpv6 && messageType == 128
    }
}

extension Explanation {
    /// Why the policy refuses the connection; `nil` if it does not.
    var refusalReason: RefusalReason? {
        guard verdict == .refuse else { return nil }
        if isBanned { return .banned }
        if isDenied { return .denied }
        if isLeftOut { return .otherFamily }
        guard let service else { return elsewhere.map { .otherAddress(service: $0.name) } ?? .noService }
        if isExpired, let expiry { return .expired(service: service.name, written: expiry.written) }
        if isOutsideSources { return .otherSources(service: service.name) }
        if service.listsEntries, decidingEntry == nil { return reasonOfEntries(service) }
        if !interfaces.isEmpty { return .otherInterface(service: service.name) }
        return .otherAddress(service: service.name)
    }

    /// The reason of the entry that comes nearest: it has the source, but holds elsewhere or no longer.
    private func reasonOfEntries(_ service: Service) -> RefusalReason {
        for (_, mismatch) in entries {
            switch mismatch {
            case .otherInterfaces: return .otherInterface(service: service.name)
            case .expired(let expiry): return .expired(service: service.name, written: expiry.written)
            case .otherSources, .exempt, nil: continue
            }
        }
        return .otherSources(service: service.name)
    }
}
