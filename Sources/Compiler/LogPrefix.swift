internal import Policies
internal import Rulesets

/// The start of the messages about packets that portreeve's table logs, which says what became of the packet.
public enum LogPrefix: Hashable, Sendable {
    /// It was refused.
    case refused
    /// Its source is in `deny`.
    case denied
    /// It opens a connection beyond a limit of this service.
    case limited(service: String)
    /// This host sent it, and no line of `outbound` lets it out.
    case outbound
    /// This service, or entry of `trusted`, lets it in.
    case accepted(service: String)

    private static let start = "portreeve "
    private static let end = ": "
    private static let limit = "limited "

    /// The text, up to the first field of the packet.
    public var text: String {
        let words =
            switch self {
            case .refused: "refused"
            case .denied: "denied"
            case .limited(let service): Self.limit + service
            case .outbound: "outbound"
            case .accepted(let service): service
            }
        return Self.start + words + Self.end
    }

    /// The prefix with this text; `nil` for one that portreeve does not write.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.start), text.hasSuffix(Self.end) else { return nil }
        let words = text.dropFirst(Self.start.count).dropLast(Self.end.count)
        switch words {
        case "": return nil
        case "refused": self = .refused
        case "denied": self = .denied
        case "outbound": self = .outbound
        case _ where words.hasPrefix(Self.limit): self = .limited(service: String(words.dropFirst(Self.limit.count)))
        case _ where words.contains(" "): return nil
        default: self = .accepted(service: String(words))
        }
    }
}

extension Defaults {
    /// The statement that logs a packet, without a limit; of a packet of this host with the user of its socket, which listeners of
    /// a group always get.
    func log(_ prefix: LogPrefix) -> Expression {
        let flags = prefix == .outbound && logDestination.group == nil ? LogStatement.user : 0
        return .log(LogStatement(prefix: prefix.text, flags: flags, group: logDestination.group))
    }
}

extension Table {
    /// The group to which the table logs refused packets; `nil` for the kernel's log, and if it logs none.
    var logGroup: UInt16? {
        for expression in chain(Names.refuse)?.rules.first?.expressions ?? [] {
            if case .log(let statement) = expression { return statement.group }
        }
        return nil
    }
}
