internal import Addressing
internal import Listeners
internal import Policies
internal import Printing
internal import Reachability
internal import Rulesets

/// The text of a policy, written from a draft.
struct ImportedPolicy {
    private var draft: PolicyDraft
    private let listeners: [Listener]
    private let origin: [String]
    private let userName: (UInt32) -> String?
    private var terms: SourceTerms
    private var sections: [String] = []
    private var pingLine: String?

    /// More rules than these are counted, not listed.
    private static let listedRules = 3

    /// Writes a draft.
    ///
    /// - Parameters:
    ///   - draft: the draft.
    ///   - origin: the tables that it comes from.
    ///   - names: the names of ports.
    ///   - listeners: the listening sockets, which tell the processes of services.
    ///   - userName: the name of a user of this host, by its number.
    init(
        _ draft: PolicyDraft, of origin: [String], _ names: PortNames, listeners: [Listener],
        userName: @escaping (UInt32) -> String?
    ) {
        self.userName = userName
        self.draft = draft
        self.origin = origin
        self.listeners = listeners.filter { !$0.isLoopbackOnly }
        terms = SourceTerms(draft.groups)
        self.draft.name(names, self.listeners)
        write()
        terms = SourceTerms(draft.groups, after: terms.uses)
        write()
    }

    private mutating func write() {
        pingLine = ping
        sections = [deny, trusted, services, outbound, forwards, masquerades].map { $0(&self) }.filter { !$0.isEmpty }
            .map { $0.joined(separator: "\n") }
    }

    private typealias Section = (inout ImportedPolicy) -> [String]

    /// The file.
    var text: String {
        ([head, defaults, sources].filter { !$0.isEmpty }.map { $0.joined(separator: "\n") } + sections)
            .joined(separator: "\n\n") + "\n"
    }

    private var head: [String] {
        ["# Written by portreeve import from the rules of " + origin.map(\.printable).joined(separator: ", ") + "."]
            + (draft.doubts.isEmpty
                ? [] : ["# Not understood, and so perhaps missing here:"] + draft.doubts.map { "#   \($0.printable)" })
            + (draft.kept.isEmpty
                ? []
                : ["# These rules stay beside this policy, which cannot say them:"]
                    + draft.kept.map { "#   \($0.printable)" })
            + ["version: 1"]
    }

    private var defaults: [String] {
        let keys = (draft.refusesOutbound ? ["  outbound: reject"] : []) + (pingLine.map { ["  ping: \($0)"] } ?? [])
        return keys.isEmpty ? [] : ["defaults:"] + keys
    }

    /// The value of `ping`, which knows no `except`; `nil` for the default.
    private var ping: String? {
        mutating get {
            switch draft.ping {
            case .accept: return nil
            case .drop: return "drop"
            case .from(let sources, let rate):
                if sources.isAny, let rate { return rate }
                let from = YAMLText.list(terms.list(sources, naming: "ping-clients"))
                return "{from: \(from)\(rate.map { ", rate: \($0)" } ?? "")}"
            }
        }
    }

    private var sources: [String] {
        terms.groups.isEmpty
            ? []
            : ["sources:"]
                + terms.groups.map {
                    "  \($0.name): [\($0.addresses.terms.map(YAMLText.scalar).joined(separator: ", "))]"
                }
    }

    private var deny: Section {
        { policy in
            guard !policy.draft.denied.isEmpty else { return [] }
            let list = policy.terms.list(policy.draft.denied, naming: "denied")
            return ["deny: [\(list.map(YAMLText.scalar).joined(separator: ", "))]"]
        }
    }

    private var trusted: Section {
        { policy in
            let entries = policy.draft.trusted
            guard !entries.isEmpty else { return [] }
            return ["trusted:"]
                + entries.flatMap { entry in
                    ["  \(entry.name):"] + policy.conditions(entry.access, naming: entry.name).map { "    \($0)" }
                        + ["    why: \(YAMLText.scalar(entry.comment?.reason ?? Service.unfilledReason))"]
                }
        }
    }

    private var services: Section {
        { policy in
            let services = policy.draft.services.filter { $0.targets == nil }
            let lines = services.flatMap { policy.lines($0) }
            return ["services:" + (lines.isEmpty ? " {}" : "")] + lines
        }
    }

    private var outbound: Section {
        { policy in
            let lines = policy.draft.outbound.flatMap { policy.lines($0) }
            return lines.isEmpty ? [] : ["outbound:"] + lines
        }
    }

    private var forwards: Section {
        { policy in
            let lines = policy.draft.services.filter { $0.targets != nil }.flatMap { policy.lines($0) }
            return lines.isEmpty ? [] : ["forward:"] + lines
        }
    }

    private var masquerades: Section {
        { policy in
            let lines = policy.draft.masquerades.flatMap { entry in
                (entry.rule.isEmpty ? [] : ["  # \(entry.rule.printable)"]) + ["  \(entry.name):"]
                    + policy.conditions(entry.access, naming: entry.name + "-sources").map { "    \($0)" }
                    + ["    why: \(YAMLText.scalar(entry.comment?.reason ?? Service.unfilledReason))"]
            }
            return lines.isEmpty ? [] : ["masquerade:"] + lines
        }
    }

    private mutating func lines(_ service: PolicyDraft.Service) -> [String] {
        var lines = service.rules.prefix(Self.listedRules).map { "  # \($0.printable)" }
        if service.rules.count > Self.listedRules {
            lines.append("  # and \(service.rules.count - Self.listedRules) more rules")
        }
        if let limit = service.limit { lines.append("  # limited by \(limit.rule.printable)") }
        lines += ["  \(service.name):"] + service.portLines.map { "    \($0)" }
        if let targets = service.targets {
            lines.append("    to: \(YAMLText.list(targets.texts))")
            if let balance = targets.balance { lines.append("    balance: \(balance)") }
        }
        if !service.destinations.isEmpty { lines.append("    addresses: \(YAMLText.list(service.destinations.terms))") }
        if service.entries.count == 1 {
            let name = service.name + (service.isOutbound ? "-servers" : "-clients")
            lines += conditions(service.entries[0], naming: name, isOutbound: service.isOutbound).map { "    \($0)" }
            if !service.users.isEmpty {
                lines.append("    user: \(YAMLText.list(service.users.map { userName($0) ?? String($0) }))")
            }
            if let limit = service.limit?.text { lines.append("    limit: \(limit)") }
        } else {
            lines.append("    allow:")
            lines += service.entries.map { entry in
                let conditions =
                    conditions(entry, naming: service.name + "-clients")
                    + ((service.limit?.text).map { ["limit: \($0)"] } ?? [])
                return "      - {\(conditions.joined(separator: ", "))}"
            }
        }
        let owner = service.targets == nil && !service.isOutbound ? owner(service) : []
        return lines + owner.map { "    \($0)" } + [
            "    why: \(YAMLText.scalar(service.comment?.reason ?? Service.unfilledReason))"
        ]
    }

    /// The keys of an entry.
    private mutating func conditions(
        _ access: InterfaceAccess, naming name: String, isOutbound: Bool = false
    ) -> [String] {
        let terms = terms.terms(access.sources, naming: name)
        return ["\(isOutbound ? "to" : "from"): \(YAMLText.list(terms.from))"]
            + (terms.except.isEmpty ? [] : ["except: \(YAMLText.list(terms.except))"])
            + (access.interfaces.isEmpty ? [] : ["interfaces: \(YAMLText.list(access.interfaces))"])
    }

    /// The process and the unit that listen on the ports of a service, if it is one.
    private func owner(_ service: PolicyDraft.Service) -> [String] {
        let own = listeners.filter { service.ports[$0.transport]?.contains($0.port) == true }
        if own.isEmpty { return ["optional: true   # nothing listens now"] }
        let processes = own.flatMap(\.processes)
        let (units, executables) = (Set(processes.map(\.unit)), Set(processes.map(\.executable)))
        guard processes.count > 0, units.count == 1 else { return [] }
        return (executables.count == 1 ? executables.first?.map { ["process: \(YAMLText.scalar($0))"] } : nil) ?? []
            + (units.first?.map { ["unit: \(YAMLText.scalar($0))"] } ?? [])
    }
}

extension Listener {
    /// The processes that hold it.
    fileprivate var processes: [SocketProcess] {
        if case .processes(let processes) = owners { processes } else { [] }
    }
}

extension String {
    /// The text of a comment as a reason: one line without controls; `nil` for none.
    fileprivate var reason: String? {
        let text = split(whereSeparator: \.isWhitespace).joined(separator: " ").printable
        return text.isEmpty ? nil : text
    }
}

extension PolicyDraft.Service {
    /// The range; one by one the ports of a forward to a port.
    private func separated(_ range: ClosedRange<UInt16>) -> [ClosedRange<UInt16>] {
        guard let targets, targets.texts.contains(where: { $0.hasPrefix(":") || $0.contains("]:") || $0.isWithPort })
        else { return [range] }
        return range.map { $0...$0 }
    }

    /// The lines `ports` and `protocols`.
    fileprivate var portLines: [String] {
        let ports = TransportProtocol.withPorts.flatMap { transport in
            (self.ports[transport]?.ranges ?? []).flatMap(separated).map { range in
                (range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)")
                    + "/\(transport.name)"
            }
        }
        let protocols = self.ports.keys.filter { !$0.hasPorts }.sorted { $0.rawValue < $1.rawValue }.map {
            "\($0.rawValue)"
        }
        return (ports.isEmpty ? [] : ["ports: \(YAMLText.list(ports))"])
            + (protocols.isEmpty ? [] : ["protocols: \(YAMLText.list(protocols))"])
    }
}

extension String {
    /// Whether the target of a forward, with an address of IPv4, has a port.
    fileprivate var isWithPort: Bool { contains(".") && contains(":") }
}
