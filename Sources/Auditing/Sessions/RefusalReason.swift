internal import Addressing
internal import Compiler
internal import Listeners
internal import Policies

/// Why the policy refuses a connection or a packet.
public enum RefusalReason: Hashable, Sendable {
    /// No service lists the port.
    case noService
    /// The client is in `deny`.
    case denied
    /// The client is banned for a time.
    case banned
    /// The service is closed since this time, as the policy writes it.
    case expired(service: String, written: String)
    /// The service does not let the client in.
    case otherSources(service: String)
    /// The service lets the client in on other interfaces only.
    case otherInterface(service: String)
    /// The service lets the client in at other addresses of this host only.
    case otherAddress(service: String)
    /// The forward of the port does not lead to where the connection goes.
    case otherTarget(service: String)
    /// The host does not speak the family of the client.
    case otherFamily
    /// The client has too many connections to the service, or opens them too fast.
    case overLimit(service: String)
    /// Echo requests are not answered, or not at this rate.
    case ping
    /// It is a message of ICMP that no host needs.
    case controlMessage
    /// No line of `outbound` lets it out.
    case outbound

    /// The word for programs.
    public var word: String {
        switch self {
        case .noService: "no-service"
        case .denied: "denied"
        case .banned: "banned"
        case .expired: "expired"
        case .otherSources: "not-in-from"
        case .otherInterface: "other-interface"
        case .otherAddress: "other-address"
        case .otherTarget: "other-target"
        case .otherFamily: "other-family"
        case .overLimit: "over-limit"
        case .ping: "ping"
        case .controlMessage: "icmp-type"
        case .outbound: "outbound"
        }
    }

    /// The reason beside the name of the service.
    public var text: String {
        switch self {
        case .noService: "no service"
        case .denied: "in \"deny\""
        case .banned: "banned"
        case .expired(_, let written): "expired \(written)"
        case .otherSources: "not in \"from\""
        case .otherInterface: "other interface"
        case .otherAddress: "other address"
        case .otherTarget: "other target"
        case .otherFamily: "not in \"families\""
        case .overLimit: "over the limit"
        case .ping: "over \"ping\", or off"
        case .controlMessage: "ICMP that is not needed"
        case .outbound: "not in \"outbound\""
        }
    }

    /// The reason as a clause about a client that is connected to a port.
    var clause: String {
        switch self {
        case .noService: "which is not in the policy"
        case .denied: "and is in \"deny\""
        case .banned: "and is banned"
        case .expired(let service, let written): "and service \"\(service)\" expired (\(written))"
        case .otherSources(let service): "and service \"\(service)\" is not open to it"
        case .otherInterface(let service): "and service \"\(service)\" is not open on that interface"
        case .otherAddress(let service): "and service \"\(service)\" is not open at that address"
        case .otherTarget(let service): "and \"\(service)\" no longer leads there"
        case .otherFamily: "whose family is not in \"families\""
        case .overLimit(let service): "and is over the limit of service \"\(service)\""
        case .ping: "which \"ping\" does not answer"
        case .controlMessage: "which no host needs"
        case .outbound: "which is not in \"outbound\""
        }
    }
}

extension RefusalReason {
    /// The service that is open, but not to this client; `nil` if there is none.
    public var service: String? {
        switch self {
        case .noService, .denied, .banned, .otherFamily, .ping, .controlMessage, .outbound: nil
        case .expired(let service, _), .otherSources(let service), .otherInterface(let service),
            .otherAddress(let service), .otherTarget(let service), .overLimit(let service):
            service
        }
    }
}

extension SessionAudit {
    /// The reason for refusing a session whose port belongs to a service.
    func reason(_ session: Session, _ service: Service?) -> RefusalReason {
        if policy.deny?.addresses.contains(session.client.address) == true { return .denied }
        if table.bannedSources.contains(where: { AddressSet($0.addresses).contains(session.client.address) }) {
            return .banned
        }
        guard let service else { return .noService }
        if session.isOfForward, !ForwardTargets(table).lead(session) { return .otherTarget(service: service.name) }
        let entries = service.entries.filter { $0.addresses.contains(session.client.address) }
        if let expires = (entries.first ?? service.entries.first)?.expires, service.isExpired(at: now) {
            return .expired(service: service.name, written: expires.written)
        }
        return entries.isEmpty ? .otherSources(service: service.name) : .otherInterface(service: service.name)
    }
}
