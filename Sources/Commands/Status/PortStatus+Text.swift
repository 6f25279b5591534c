internal import Addressing
internal import Auditing
internal import Compiler
internal import Listeners
internal import Policies
internal import Reachability

extension PortStatus {
    /// The headings of `columns`.
    static let headings = ["PORT", "SERVICE", "FROM", "LOADED", "LISTENER", "HITS", "OWNER", "UNTIL"]

    /// The columns that may be cut: service, sources, listener and owner.
    static let cuttable: Set<Int> = [1, 2, 4, 6]

    /// The row for people.
    var columns: [String] {
        [
            portText, name ?? "-", sourcesText, loaded?.rawValue ?? "-", listenerText,
            packets.map { "\($0)" } ?? "-", ownersText, untilText,
        ]
    }

    /// The port, and the addresses of the host where it is the service's, if not all are.
    private var portText: String {
        transport.text(ports) + (service?.destinations.map { " at \($0.addresses.text)" } ?? "")
    }

    private var sourcesText: String {
        if let service { return service.entries.map(\.sourcesText).joined(separator: "; ") }
        switch exposure {
        case .reachable?: return "OPEN"
        case .unknown?: return "not known"
        case .trusted?: return "trusted only"
        case .shielded?: return "blocked"
        case nil: return "not declared"
        }
    }

    private var ownersText: String {
        let owners = (service?.entries.compactMap(\.owner) ?? []).reduce(into: [String]()) { list, owner in
            if !list.contains(owner) { list.append(owner) }
        }
        return owners.isEmpty ? service?.owner ?? "-" : owners.joined(separator: "; ")
    }

    private var untilText: String {
        let days = service?.entries.map { $0.expires.map { String($0.written.prefix { $0 != "T" }) } ?? "-" } ?? []
        return days.contains { $0 != "-" } ? days.joined(separator: "; ") : "-"
    }

    private var listenerText: String {
        var names: [String] = []
        for listener in listeners {
            let place = listener.isLoopbackOnly ? "@lo" : ""
            for name in listener.ownerNames.map({ $0 + place }) where !names.contains(name) { names.append(name) }
        }
        let targets = published.isEmpty ? [] : containers.isEmpty ? ["published"] : containers.map(\.text)
        names += targets.filter { !names.contains($0) }
        return names.isEmpty ? "-" : names.joined(separator: ", ")
    }

    /// The row for programs.
    var json: JSON {
        var members: [(String, JSON)] = [
            ("protocol", .string(transport.name)), ("port", transport.hasPorts ? ports.json : .null),
            ("service", JSON(name)),
            ("declared", .bool(service != nil)), ("loaded", loaded.map { .string($0.rawValue) } ?? .null),
            ("hits", packets.map { .number(Int(clamping: $0)) } ?? .null),
            ("listeners", .array(listeners.map(\.json))),
            ("published", .array(published.map { .string("\($0.rule)") })),
            ("containers", .array(containers.map(\.json))),
        ]
        if let exposure {
            members.append(("exposure", .string("\(exposure)")))
        }
        guard let service else { return .object(members) }
        // The first entry, where every service had one; `entries` has all.
        members += service.entries.first?.conditions ?? []
        members += [
            ("why", JSON(service.why)), ("owner", JSON(service.owner)), ("ticket", JSON(service.ticket)),
            ("entries", .array(service.entries.map(\.json))), ("policy", service.location.json),
        ]
        if let destinations = service.destinations {
            members.append(("addresses", .array(destinations.entries.map(JSON.string))))
        }
        return .object(members)
    }
}

extension Listener {
    /// The names of the owner's executables.
    fileprivate var ownerNames: [String] {
        switch owners {
        case .processes(let processes): processes.map { $0.container?.text ?? $0.name }
        case .kernel: ["kernel"]
        case .notAsked, .unknown: ["?"]
        }
    }

    /// The listener for programs.
    fileprivate var json: JSON {
        var members: [(String, JSON)] = [
            ("address", .string(address.description)), ("port", .number(Int(port))),
            ("families", .array(families.map { .string($0.rawValue) })), ("interface", JSON(interface)),
        ]
        switch owners {
        case .processes(let processes): members.append(("processes", .array(processes.map(\.json))))
        case .kernel: members.append(("kernel", true))
        case .unknown(let reason): members.append(("unknown", .string(reason)))
        case .notAsked: break
        }
        return .object(members)
    }
}
