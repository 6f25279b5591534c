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

    /// More ports of a protocol than these are most of them.
    private static let half = 32_768
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
        if let family = familyName(ranges.map(\.1)) { return family }
        let known = ranges.map { knownName($0, $1, names) }
        let words = known.compactMap(\.self).distinct
        if !known.contains(nil), words.count <= Self.mostNames {
            return PolicyName.valid(words.joined(separator: "-"), prefix: "service-")
        }
        // Its firewall knows the rule, and the process is perhaps not running.
        if let given = firewallName ?? application { return PolicyName.valid(given, prefix: "service-") }
        if let process = process(listeners) { return PolicyName.valid(process, prefix: "service-") }
        if range.count >= Int(UInt16.max) { return "all-ports" }
        let sizes = Dictionary(ranges.map { ($0.0, $0.1.count) }, uniquingKeysWith: +)
        if sizes.values.contains(where: { $0 > Self.half }) { return "most-ports" }
        let numbers = zip(ranges, known).filter { $1 == nil }.map { $0.0.1.numberText }.distinct
        let start = words.isEmpty ? (Set(ranges.map(\.0)).count == 1 ? transport.name : "ports") + "-" : ""
        return Self.name(start, words + numbers)
    }

    /// A name of the first of some words, with the other one where there are two and both fit: `ssh-and-2222`, `tcp-9100-and-more`.
    private static func name(_ start: String, _ words: [String]) -> String {
        let end = words.count == 1 ? "" : "-and-more"
        let both = start + words.joined(separator: "-and-")
        if words.count == 2, both.count <= PolicyName.longest { return PolicyName.valid(both, prefix: "service-") }
        let first = (start + words[0]).prefix(PolicyName.longest - end.count)
        return PolicyName.valid(first + end, prefix: "service-")
    }

    /// The name of the family to which all of the ports belong; `nil` for none.
    private func familyName(_ ranges: [ClosedRange<UInt16>]) -> String? {
        let numbers = Set(ranges.map(\.lowerBound))
        guard numbers.count > 1, ranges.allSatisfy({ $0.count == 1 }) else { return nil }
        return Self.families.first { numbers.isSubset(of: $0.ports) }?.name
    }

    /// The name of a single port in the services database; `nil` if it has none.
    private func knownName(
        _ transport: TransportProtocol, _ range: ClosedRange<UInt16>, _ names: PortNames
    ) -> String? {
        // Containers publish registered ports for anything.
        let isGuess = isPublished && targets == nil && range.lowerBound >= Self.firstRegistered
        guard range.count == 1, !isGuess else { return nil }
        return [transport, .tcp, .udp].lazy.compactMap { names.name($0, range.lowerBound) }.first
    }

    /// The name of the only process that listens on the ports.
    private func process(_ listeners: [Listener]) -> String? {
        let names = listeners.filter { ports[$0.transport]?.contains($0.port) == true }.flatMap { listener in
            if case .processes(let processes) = listener.owners { processes.map(\.name) } else { [String]() }
        }
        return Set(names).count == 1 ? names.first { !$0.isEmpty } : nil
    }
}

extension ClosedRange<UInt16> {
    /// The ports in a name: `80`, `8000-8100`.
    fileprivate var numberText: String { count == 1 ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}
