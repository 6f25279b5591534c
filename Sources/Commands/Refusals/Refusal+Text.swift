internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import System

extension Refusal {
    /// Refusals for which one line would do.
    struct Place: Hashable {
        let port: String
        let reason: RefusalReason?
        /// The destination and the user of a packet of this host.
        let departure: String?
    }

    var place: Place {
        Place(port: portText, reason: reason, departure: isDeparture ? "\(knock.destination) \(user ?? "")" : nil)
    }

    /// Whether this host sent it.
    private var isDeparture: Bool { knock.direction == .outbound }

    /// The user of its socket, by name where there is one.
    private var user: String? { knock.user.map { UserNames.name(of: $0) ?? "\($0)" } }

    /// What a proposed line would do: `let 192.0.2.7 in on tcp/22`.
    var aim: String {
        guard isDeparture else { return "let \(knock.source) in on \(portText)" }
        return "let \(user.map { "user \($0)" } ?? "this host") out to \(knock.destination) on \(portText)"
    }

    /// The port, or the kind of a message without one; with the container whose dialled port is not known.
    var portText: String {
        if knock.isEchoRequest { return "\(transport) echo" }
        if let type = knock.messageType { return "\(transport) type \(type)" }
        guard transport.hasPorts else { return transport.name }
        if let port { return transport.text(port...port) }
        guard let inner = knock.port else { return "\(transport), a fragment" }
        return "\(transport) to \(Endpoint(knock.destination, inner))"
    }

    /// The other end: the destination of a packet of this host.
    var peerText: String { knock.direction == .outbound ? "to \(knock.destination)" : "\(knock.source)" }

    /// The service that is concerned.
    var service: String? { reason?.service ?? explanation?.service?.name }

    /// The reason in a few words.
    var whyText: String {
        let why =
            switch verdict {
            case .accept where isAuditOnly: "\(RefusalReason.outbound.text), let pass by audit"
            case .accept: isDeparture ? "let out now" : "let in now"
            case .refuse: reason?.text ?? "refused"
            case .unknown, .ignore: "not known"
            }
        return knock.isLate ? "\(why); a late reply" : why
    }

    /// The line that would let the source in; `nil` if none is proposed.
    var change: String? {
        if let line = missingLine(user: user) { return "write NAME: \(line) under \"outbound\"" }
        guard mayBeLetIn, let explanation else { return nil }
        let source = knock.source.family == .ipv4 ? "\(knock.source)" : "\"\(knock.source)\""
        switch reason {
        case .noService:
            let ports = port.map { "ports: \($0)/\(transport)" } ?? "protocols: \(transport)"
            return "write NAME: {\(ports), from: \(source), why: …} under \"services\""
        case .overLimit(let service):
            return "raise \"limit\" or \"connections\" of service \"\(service)\"\(explanation.place?.text ?? "")"
        default: return explanation.nearestChange
        }
    }

    /// The refusal in one line, for a log.
    var line: String {
        let times = count.packets == 1 ? "" : " \(count.packets) times"
        let service = service.map { ", service \"\($0)\"" } ?? ""
        return "\(UTCTime.text(count.last)) \(peerText) \(portText)\(times): \(whyText)\(service)"
    }

    /// The refusal for programs.
    var json: JSON {
        [
            "source": .string("\(knock.source)"), "direction": .string(knock.direction.rawValue),
            "protocol": .string(transport.name), "port": port.map { .number(Int($0)) } ?? .null,
            "icmp_type": knock.messageType.map { .number(Int($0)) } ?? .null,
            "destination": Endpoint(knock.destination, knock.port ?? 0).json, "interface": JSON(interfaceName),
            "count": .number(count.packets), "first": .string(UTCTime.text(count.first)),
            "last": .string(UTCTime.text(count.last)), "reason": JSON(reason?.word),
            "verdict": .string(verdict.rawValue), "service": JSON(service),
            "policy": explanation?.place?.json ?? .null, "change": JSON(change), "scan": .bool(isScan),
            "late": .bool(knock.isLate),
            "user": JSON(user),
        ]
    }

    private var interfaceName: String? { knock.interface.isEmpty ? nil : knock.interface }
}
