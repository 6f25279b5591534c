internal import Addressing
internal import Compiler
internal import Listeners
internal import Rulesets

/// Where the forwards of a table lead, by the port that is dialled.
struct ForwardTargets {
    private struct Lead {
        let port: DecompiledService.Port
        let targets: [DecompiledForwarding.Target]
    }

    private let leads: [TransportProtocol: [Lead]]

    init(_ table: Table) {
        let forwards = DecompiledPolicy(table).services.compactMap { service in
            service.forwarding.map { (service.ports, $0.targets) }
        }
        let all = forwards.flatMap { ports, targets in ports.map { Lead(port: $0, targets: targets) } }
        leads = Dictionary(grouping: all, by: \.port.transport)
    }

    /// Whether a forward leads what was dialled to where the session goes.
    func lead(_ session: Session) -> Bool {
        (leads[session.transport] ?? []).contains { lead in
            lead.port.range.contains(session.dialled.port)
                && lead.port.addresses?.contains(session.dialled.address) ?? true
                && lead.targets.contains { $0.isServer(of: session) }
        }
    }
}

extension DecompiledForwarding.Target {
    fileprivate func isServer(of session: Session) -> Bool {
        (address ?? session.dialled.address) == session.server.address
            && (port ?? session.dialled.port) == session.server.port
    }
}

extension Session {
    /// Whether a forward of portreeve's has translated its destination, which the label keeps.
    var isOfForward: Bool { ConntrackLabel.labels(tracked?.labels ?? []).contains(Label.forwarded) }
}
