internal import Addressing
internal import Listeners
internal import Policies
internal import Printing

extension ImportedPolicy {
    /// The lines of a service, a forward or a line of `outbound`, its comments first.
    mutating func lines(_ service: PolicyDraft.Service) -> [String] {
        var lines = comments(service)
        lines += ["  \(service.name):"] + service.portLines.map { "    \($0)" }
        if let targets = service.targets {
            lines.append("    to: \(YAMLText.list(targets.texts))")
            if !targets.hairpin.isEmpty { lines.append("    hairpin: \(YAMLText.list(targets.hairpin.terms))") }
            if let balance = targets.balance { lines.append("    balance: \(balance)") }
        }
        if !service.destinations.isEmpty { lines.append("    addresses: \(YAMLText.list(service.destinations.terms))") }
        // Each entry has an allowance of its own, where one of all sources together is meant.
        let isShared = service.limit?.text?.hasSuffix("per: all}") == true
        let entries = isShared ? service.entries.joinedBySources : service.entries
        if entries.count == 1, service.free.isEmpty {
            let name = service.name + (service.isOutbound ? "-servers" : "-clients")
            let family = service.onlyFamily
            lines += conditions(
                entries[0], naming: name, isOutbound: service.isOutbound, only: family
            ).map { "    \($0.line)" }
            if !service.users.isEmpty {
                lines.append("    user: \(YAMLText.list(service.users.map { userName($0) ?? String($0) }))")
            }
            if let limit = service.limit?.text { lines.append("    limit: \(limit)") }
            if service.isLogged { lines.append("    log: true") }
        } else {
            lines.append("    allow:")
            lines += service.free.map { entry($0, of: service, limit: nil) }
            lines += entries.map { entry($0, of: service, limit: service.limit?.text) }
        }
        let owner = service.targets == nil && !service.isOutbound ? owner(service) : []
        return lines + owner.map { "    \($0)" } + ["    why: \(reason(service))"]
    }

    /// The reason; beside an unfilled one the application of ufw, which is a name.
    private func reason(_ service: PolicyDraft.Service) -> String {
        if let reason = service.comment?.reason { return YAMLText.scalar(reason) }
        let hint = service.application?.reason.map { "   # ufw: \($0)" } ?? ""
        return YAMLText.scalar(Service.unfilledReason) + hint
    }

    /// The rules of a service, and the one that limits it; those of an earlier line by its name.
    private mutating func comments(_ service: PolicyDraft.Service) -> [String] {
        let rules = service.rules + service.otherRules.filter { !service.rules.contains($0) }
        var lines = Self.comments(rules)
        if !rules.isEmpty, let first = first(service.name, with: rules.joined(separator: "\n")) {
            lines = ["  # the same rule\(rules.count == 1 ? "" : "s") as \(first)"]
        }
        guard let limit = service.limit else { return lines }
        if !service.rules.contains(limit.rule) {
            let earlier = first(service.name, with: "limited by \(limit.rule)")
            if let earlier { return lines + ["  # limited as \(earlier)"] }
            lines.append("  # limited by \(limit.rule.withoutNewConnection.printable)")
        }
        return lines + (limit.remark.map { ["  # \($0)"] } ?? [])
    }

    /// The first of some rules in comments, without what every new connection passes, and the number of others.
    static func comments(_ rules: [String]) -> [String] {
        rules.map(\.withoutNewConnection.printable).distinct.rules(atMost: listedRules).map { "  # \($0)" }
    }

    /// The name of the first line with a comment; `nil` if this is the first one.
    private mutating func first(_ name: String, with comment: String) -> String? {
        if let first = commented[comment] { return first }
        commented[comment] = name
        return nil
    }

    /// The line of an entry of `allow`.
    private mutating func entry(_ access: InterfaceAccess, of service: PolicyDraft.Service, limit: String?) -> String {
        let conditions = conditions(
            access, naming: service.name + "-clients", only: service.onlyFamily, isInList: true)
        let keys =
            conditions.map(\.text) + (limit.map { ["limit: \($0)"] } ?? [])
            + (service.isLogged ? ["log: true"] : [])
        let comment = conditions.compactMap(\.comment).joined(separator: "; ")
        return Condition(text: "      - {\(keys.joined(separator: ", "))}", comment: comment.isEmpty ? nil : comment)
            .line
    }

    /// A key of an entry with its value, and a comment for the reader.
    struct Condition {
        let text: String
        var comment: String?

        /// The line.
        var line: String { text + (comment.map { "   # \($0)" } ?? "") }
    }

    /// The keys of an entry, which may stand in a list of several.
    mutating func conditions(
        _ access: InterfaceAccess, naming name: String, isOutbound: Bool = false, only family: AddressFamily? = nil,
        isInList: Bool = false, isTrusted: Bool = false
    ) -> [Condition] {
        // Beside lines about one family, `any` for an address of one family would read as both.
        let isShort = tellsFamiliesApart && access.sources.isAny
        let sources = isShort ? family.map(AddressSet.all) ?? access.sources : access.sources
        // `trusted` has no `any` without interfaces.
        let terms = terms.terms(sources, naming: name, withAny: !isTrusted || !access.interfaces.isEmpty)
        let openness = family == nil && !terms.from.contains("any") ? sources.openness(isInList: isInList) : nil
        return [Condition(text: "\(isOutbound ? "to" : "from"): \(YAMLText.list(terms.from))", comment: openness)]
            + (terms.except.isEmpty ? [] : [Condition(text: "except: \(YAMLText.list(terms.except))")])
            + (access.interfaces.isEmpty
                ? []
                : [Condition(text: "interfaces: \(YAMLText.list(access.interfaces))", comment: access.exclusionText)])
    }

    /// The process and the unit that listen on the ports of a service, if it is one.
    private func owner(_ service: PolicyDraft.Service) -> [String] {
        let own = listeners.filter { service.ports[$0.transport]?.contains($0.port) == true }
        if own.isEmpty {
            return [
                "optional: true   # no listener at import\(service.isPublished ? ": the rule above redirects it" : "")"
            ]
        }
        let processes = own.flatMap(\.processes)
        let (units, executables) = (Set(processes.map(\.unit)), Set(processes.map(\.executable)))
        guard processes.count > 0, units.count == 1 else { return [] }
        return (executables.count == 1 ? executables.first?.map { ["process: \(YAMLText.scalar($0))"] } : nil) ?? []
            + (units.first?.map { ["unit: \(YAMLText.scalar($0))"] } ?? [])
    }
}

extension AddressSet {
    /// What a reader of a list of addresses, which may stand beside another one, must not overlook: that a family has them all, or all but
    /// a few; `nil` for nothing.
    fileprivate func openness(isInList: Bool) -> String? {
        let open = AddressFamily.allCases.filter { part($0).isMostOfItsFamily }
        guard open.count == 1 else { return nil }
        let isWhole = part(open[0]) == .all(open[0])
        let isAlone = subtracting(.all(open[0])).isEmpty
        if isAlone { return isInList ? "everyone on \(open[0].title)\(isWhole ? "" : " but these")" : nil }
        return isWhole ? "\(open[0].everyone): everyone on \(open[0].title)" : nil
    }
}

extension InterfaceAccess {
    /// What a list of today's interfaces leaves out; `nil` where the rules name the interfaces.
    fileprivate var exclusionText: String? {
        excluded.map { $0.isEmpty ? "all, at import" : "all but \($0.joined(separator: ", ")), at import" }
    }
}

extension Listener {
    /// The processes that hold it.
    fileprivate var processes: [SocketProcess] {
        if case .processes(let processes) = owners { processes } else { [] }
    }
}

extension PolicyDraft.Service {
    /// The only family of the addresses at which it is reached, or to which it leads; `nil` for both.
    fileprivate var onlyFamily: AddressFamily? {
        let families = AddressFamily.allCases.filter { !destinations.part($0).isEmpty }
        return families.count == 1 ? families[0] : targets?.onlyFamily
    }

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
