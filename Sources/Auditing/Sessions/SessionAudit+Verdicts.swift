internal import Addressing
public import Listeners
internal import Policies
internal import Reachability
internal import Rulesets

extension SessionAudit {
    /// What the policy says of each connection today, in their order.
    ///
    /// Rate limits are ignored: they refuse by frequency, not by source.
    public func judge(_ connections: [LiveConnection]) -> [JudgedConnection] {
        var bench = Bench(self)
        return connections.map { bench.judge($0) }
    }

    /// The state of one judgement of many connections.
    private struct Bench {
        /// What connections that differ only in their source have in common.
        private struct Dialled: Hashable {
            let transport: TransportProtocol
            let port: UInt16
            let address: IPAddress
            let interface: String?
            let isForwarded: Bool
        }

        private let audit: SessionAudit
        private let services: ServicePorts
        private let outbound: OutboundAudit
        private lazy var arriving = regions(.arriving)
        private lazy var published = regions(.published)
        private lazy var targets = ForwardTargets(audit.table)
        private var refusals: [Dialled: PortRefusals] = [:]

        init(_ audit: SessionAudit) {
            self.audit = audit
            services = ServicePorts(audit.policy)
            outbound = OutboundAudit(audit.policy, now: audit.now, interface: audit.interface)
        }

        private func regions(_ path: PacketPath) -> AccessRegions {
            AccessRegions([audit.table], in: Circumstances(now: audit.now), path: path)
        }

        mutating func judge(_ connection: LiveConnection) -> JudgedConnection {
            let session = connection.session
            guard connection.direction != .outbound else { return outbound.judge(connection) }
            guard session.isDecided else { return JudgedConnection(connection, undecided) }
            let port = session.decidedPort
            let service = services.owners(session.transport, port...port).first {
                $0.service.isReached(at: session.decidedAddress)
            }?.service
            // What arrives on the loopback interface is accepted.
            guard !connection.isWithinHost else {
                return JudgedConnection(connection, .accept, service: service?.name)
            }
            let isLost = session.isOfForward && !targets.lead(session)
            let verdict = isLost ? .refuse : verdict(session)
            return JudgedConnection(
                connection, verdict, service: service?.name,
                reason: verdict == .refuse ? audit.reason(session, service) : nil)
        }

        /// The verdict on a connection between other hosts that was not dialled at an address of this one.
        private var undecided: JudgedConnection.Verdict {
            audit.policy.defaults.routed == .ignore ? .ignore : .unknown
        }

        private mutating func verdict(_ session: Session) -> JudgedConnection.Verdict {
            var refusal = refusal(session, on: session.interface)
            if refusal == .somewhere, let interface = audit.interface(session.client.address) {
                refusal = self.refusal(session, on: interface)
            }
            return switch refusal {
            case .everywhere: .refuse
            case .somewhere: .unknown
            case .nowhere: .accept
            }
        }

        private mutating func refusal(_ session: Session, on interface: String?) -> AccessRegions.Refusal {
            let dialled = Dialled(
                transport: session.transport, port: session.decidedPort, address: session.decidedAddress,
                interface: interface, isForwarded: session.isForwarded)
            if let known = refusals[dialled] { return known.refusal(of: session.client.address.value) }
            let regions = session.isForwarded ? published : arriving
            let found = regions.refusals(
                session.transport, port: session.decidedPort, family: session.family, interface: interface,
                at: session.decidedAddress)
            refusals[dialled] = found
            return found.refusal(of: session.client.address.value)
        }
    }
}
