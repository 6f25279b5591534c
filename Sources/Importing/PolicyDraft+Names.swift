internal import Addressing
internal import Listeners
internal import Policies

extension PolicyDraft {
    /// Gives each service and each entry of `trusted` a name of its own.
    mutating func name(_ names: PortNames, _ listeners: [Listener]) {
        var taken: Set<String> = []
        for index in services.indices {
            services[index].name = PolicyName.unique(services[index].likelyName(names, listeners), &taken)
        }
        var lines: Set<String> = []
        for index in outbound.indices {
            outbound[index].name = PolicyName.unique(outbound[index].likelyName(names, []), &lines)
        }
        lines = []
        for index in masquerades.indices {
            let interfaces = masquerades[index].access.interfaces
            let name = interfaces.count == 1 ? "by-\(interfaces[0])" : "outgoing"
            masquerades[index].name = PolicyName.unique(PolicyName.valid(name, prefix: "by-"), &lines)
        }
        for index in trusted.indices {
            let interfaces = trusted[index].access.interfaces
            let sources = trusted[index].access.sources
            let isWhole = sources.ipv6.isAll && sources.ipv4.isEmpty || sources.ipv4.isAll && sources.ipv6.isEmpty
            let family = !isWhole ? "trusted" : sources.ipv4.isEmpty ? "ipv6" : "ipv4"
            let zone = trusted[index].name
            let name =
                !zone.isEmpty
                ? PolicyName.valid(zone, prefix: "zone-")
                : interfaces.count == 1
                    ? PolicyName.valid(interfaces[0], prefix: "on-") : sources.isAny ? "everywhere" : family
            trusted[index].name = PolicyName.unique(name, &taken)
        }
    }
}

extension PolicyDraft.Service {
    /// The ports that are known under one name together.
    private static let families: [(name: String, ports: Set<UInt16>)] = [
        ("web", [80, 443]), ("mail", [25, 465, 587]), ("mailboxes", [110, 143, 993, 995]),
        ("mail", [25, 110, 143, 465, 587, 993, 995]), ("samba", [137, 138, 139, 445]),
    ]

    /// A range of more ports than these has no service of its own.
    private static let many = 1000
    /// The ports below this are those of the protocol that has their name: RFC 6335 6.
    private static let firstRegistered: UInt16 = 1024
    /// More names than these make no name.
    private static let mostNames = 3

    /// A name that fits all of its ports.
    fileprivate func likelyName(_ names: PortNames, _ listeners: [Listener]) -> String {
        let ranges = ports.flatMap { transport, ports in ports.ranges.map { (transport, $0) } }
            .sorted { ($0.1.lowerBound, $0.0.rawValue) < ($1.1.lowerBound, $1.0.rawValue) }
        guard let (transport, range) = ranges.first else { return "service" }
        guard transport.hasPorts else { return PolicyName.valid(transport.name, prefix: "protocol-") }
        if ranges.allSatisfy({ $0.1.count == 1 }), let known = knownName(ranges, names) { return known }
        if let process = process(listeners) { return PolicyName.valid(process, prefix: "service-") }
        if range.count >= Int(UInt16.max) { return "all-ports" }
        if range.count > Self.many { return "most-ports" }
        let last = ranges.map(\.1.upperBound).max() ?? range.upperBound
        let start = Set(ranges.map(\.0)).count == 1 ? transport.name : "ports"
        return "\(start)-\(range.lowerBound)" + (last == range.lowerBound ? "" : "-\(last)")
    }

    /// The name of single ports in the services database, or of the family to which all of them belong; `nil` if one has none.
    private func knownName(
        _ ports: [(TransportProtocol, ClosedRange<UInt16>)], _ names: PortNames
    ) -> String? {
        let numbers = Set(ports.map(\.1.lowerBound))
        if numbers.count > 1, let family = Self.families.first(where: { numbers.isSubset(of: $0.ports) }) {
            return family.name
        }
        var known: [String] = []
        for (transport, range) in ports {
            let port = range.lowerBound
            let all = [transport, .tcp, .udp].lazy.compactMap { names.name($0, port) }
            // Containers publish registered ports for anything.
            let isGuess = isPublished && targets == nil && port >= Self.firstRegistered
            guard let name = all.first, !isGuess else { return nil }
            if !known.contains(name) { known.append(name) }
        }
        let joined = known.joined(separator: "-")
        return known.count > Self.mostNames ? nil : PolicyName.valid(joined, prefix: "service-")
    }

    /// The name of the only process that listens on the ports.
    private func process(_ listeners: [Listener]) -> String? {
        let names = listeners.filter { ports[$0.transport]?.contains($0.port) == true }.flatMap { listener in
            if case .processes(let processes) = listener.owners { processes.map(\.name) } else { [String]() }
        }
        return Set(names).count == 1 ? names.first { !$0.isEmpty } : nil
    }
}
