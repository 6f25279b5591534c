internal import Addressing
internal import Auditing
internal import Changes
internal import Compiler
internal import Listeners
internal import Policies
internal import Reachability

extension PortStatus {
    /// The headings of `columns`.
    static let headings = [
        "PORT", "SERVICE", "FROM", "OPEN TO", "LOADED", "LISTENER", "HITS", "LAST USED", "OWNER", "UNTIL",
    ]

    /// The columns that may be broken into lines: ports with addresses, service, sources, clients, listener and owner.
    static let breakable: Set<Int> = [0, 1, 2, 3, 5, 8]

    /// The columns that a narrow terminal does not show, the first one first: owner, last use, hits, whether the service is
    /// loaded unless one is not, and until when it is open.
    static func omissible(_ rows: [PortStatus]) -> [Int] {
        rows.contains { $0.loaded == .no || $0.loaded == .changed } ? [8, 7, 6, 9] : [8, 7, 6, 4, 9]
    }

    /// The row for people.
    var columns: [String] {
        [
            portText, name ?? "-", sourcesText, clientsText, loaded?.rawValue ?? "-", listenerText,
            usage.map { "\($0.hits)" } ?? "-", lastUsedText, ownersText, untilText,
        ]
    }

    /// The port, and the addresses of the host where it is the service's, if not all are.
    private var portText: String {
        (transport?.text(ports) ?? "any") + (foldedPorts.map { " (\($0))" } ?? "")
            + (service?.destinations.map { " at \($0.addresses.text)" } ?? "")
    }

    private var entries: [AllowEntry] { service?.entries ?? trusted.map { [$0.entry] } ?? [] }

    private var sourcesText: String {
        entries.isEmpty ? TextTable.nothing : entries.map(\.placedSourcesText).joined(separator: "; ")
    }

    private var clientsText: String {
        if access.isEmpty { return exposure == .trusted ? "trusted only" : "no one" }
        return isAsDeclared == true ? "same" : access.map(\.text).joined(separator: "; ")
    }

    /// The day on which the counters were last seen to rise.
    private var lastUsedText: String {
        usage?.lastRise.map { String(UTCTime.text($0).prefix { $0 != "T" }) } ?? TextTable.nothing
    }

    private var ownersText: String {
        let owners = entries.compactMap(\.owner).reduce(into: [String]()) { list, owner in
            if !list.contains(owner) { list.append(owner) }
        }
        return owners.isEmpty ? service?.owner ?? "-" : owners.joined(separator: "; ")
    }

    private var untilText: String {
        let days = entries.map { $0.expires.map { String($0.written.prefix { $0 != "T" }) } ?? "-" }
        return days.contains { $0 != "-" } ? days.joined(separator: "; ") : "-"
    }

    var listenerText: String {
        var names = (service?.forwarding?.targets ?? []).map { "to \($0)" }
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
            ("protocol", .string(transport?.name ?? "any")),
            ("port", transport?.hasPorts == true ? ports.json : .null),
            ("service", transport == nil ? .null : JSON(name)),
            ("declared", .bool(!entries.isEmpty)), ("loaded", loaded.map { .string($0.rawValue) } ?? .null),
            ("hits", usage.map { .number(Int(clamping: $0.hits)) } ?? .null),
            ("last_used", JSON(usage?.lastRise.map(UTCTime.text))),
            ("counted_since", JSON(usage.map { UTCTime.text($0.since) })),
            ("listeners", .array(listeners.map(\.json))),
            ("published", .array(published.map { .string("\($0.rule)") })),
            ("containers", .array(containers.map(\.json))),
        ]
        if transport == nil { members.append(("trusted", JSON(name))) }
        members += [
            ("exposure", .string("\(exposure)")), ("as_declared", isAsDeclared.map(JSON.bool) ?? .null),
            ("open_to", .array(access.map(\.json))),
        ]
        if let trusted {
            members += trusted.entry.conditions
            members.append(("policy", trusted.location.json))
        }
        guard let service else { return .object(members) }
        // The first entry, where every service had one; `entries` has all.
        members += service.entries.first?.conditions ?? []
        members += [
            ("why", JSON(service.why)), ("owner", JSON(service.owner)), ("ticket", JSON(service.ticket)),
            ("entries", .array(service.entries.map(\.json))), ("policy", service.location.json),
        ]
        members.append(("section", .string(service.section.rawValue)))
        if let targets = service.forwarding?.targets {
            members.append(("to", .array(targets.map { .string("\($0)") })))
        }
        if let destinations = service.destinations {
            members.append(("addresses", .array(destinations.entries.map(JSON.string))))
        }
        return .object(members)
    }
}

extension AllowEntry {
    /// The sources, and the interfaces if they are limited.
    fileprivate var placedSourcesText: String {
        sourcesText + (interfaces.isEmpty ? "" : " on \(interfaces.map(\.description).joined(separator: ", "))")
    }
}

extension PortAccess {
    /// The clients in a few words.
    fileprivate var text: String {
        let sources =
            unknown.isEmpty ? open.clientsText : open.isEmpty ? "unknown" : "\(open.clientsText), perhaps more"
        let names = interfaces.map { $0 ?? "others" }
        let places =
            destinations.filter { !$0.isRest }.map { $0.addresses?.text ?? "any" }.sorted()
            + (destinations.contains(where: \.isRest) ? ["others"] : [])
        return sources + (places.isEmpty ? "" : " at \(places.joined(separator: ", "))")
            + (names.isEmpty ? "" : " on \(names.joined(separator: ", "))")
            + (isUniform ? "" : ", not every port")
    }

    /// The clients for programs; interfaces only if they are limited, a rule only if it makes the access unknown.
    fileprivate var json: JSON {
        func sources(_ set: AddressSet) -> JSON {
            .array(set.texts(atMost: AccessReport.Row.listedSources).map(JSON.string))
        }
        var members: [(String, JSON)] = [
            ("sources", sources(open)), ("sources_count", .number(open.count)), ("unknown", sources(unknown)),
            ("every_port", .bool(isUniform)),
        ]
        if !interfaces.isEmpty { members.append(("interfaces", .array(interfaces.map { .string($0 ?? "others") }))) }
        if !destinations.isEmpty {
            let places = destinations.flatMap {
                $0.isRest ? ["others"] : $0.addresses?.texts(atMost: AccessReport.Row.listedSources) ?? []
            }
            members.append(("addresses", .array(places.map(JSON.string))))
        }
        if let doubt { members.append(("rule", .string("\(doubt)"))) }
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
