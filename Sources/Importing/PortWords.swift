internal import Addressing
internal import Listeners
internal import Policies

/// Words for ports by which people know them.
enum PortWords {
    /// Names where the services database has none, or one that few people would choose.
    private static let common: [TransportProtocol: [UInt16: String]] = [
        .tcp: [143: "imap", 3389: "rdp", 6443: "kubernetes-api", 10250: "kubelet", 25565: "minecraft"],
        .udp: [
            67: "dhcp-server", 68: "dhcp-client", 546: "dhcpv6-client", 547: "dhcpv6-server", 3478: "stun",
            41641: "tailscale", 51820: "wireguard",
        ],
    ]

    /// The ports that are known under one name together.
    private static let families: [(name: String, ports: Set<UInt16>)] = [
        ("web", [80, 443]), ("mail", [25, 465, 587]), ("mailboxes", [110, 143, 993, 995]),
        ("mail", [25, 110, 143, 465, 587, 993, 995]), ("samba", [137, 138, 139, 445]), ("dhcp", [67, 68]),
        ("dhcpv6", [546, 547]), ("ipsec", [500, 1701, 4500]), ("snmp", [161, 162]), ("ftp", [20, 21]),
        ("sip", [5060, 5061]), ("etcd", [2379, 2380]), ("nfs", [111, 2049, 20048]),
    ]

    /// A range with more ports is none of single ones.
    private static let few = 8

    /// The name of a port; `nil` if it has none.
    static func name(_ transport: TransportProtocol, _ port: UInt16, _ database: PortNames) -> String? {
        common[transport]?[port]
            ?? [transport, .tcp, .udp].lazy.compactMap { database.name($0, port) }.first
    }

    /// The name of the family to which all of the ports belong; `nil` for none.
    static func family(_ ranges: [ClosedRange<UInt16>]) -> String? {
        guard ranges.allSatisfy({ $0.count <= few }) else { return nil }
        let numbers = Set(ranges.flatMap { Array($0) })
        return numbers.count > 1 ? families.first { numbers.isSubset(of: $0.ports) }?.name : nil
    }
}

extension PolicyDraft.Service {
    /// More ports of a protocol than these are most of them.
    private static let half = 32_768
    /// The ports below this are those of the protocol that has their name: RFC 6335 6.
    private static let firstRegistered: UInt16 = 1024
    /// More words than these make no name.
    private static let mostWords = 3

    /// A name that fits all of its ports.
    ///
    /// - Parameters:
    ///   - names: the names of the services database.
    ///   - listeners: the listening sockets.
    ///   - comments: the comments that several services have, so that they are the name of none.
    /// - Returns: a valid name, which may be that of another service.
    func likelyName(_ names: PortNames, _ listeners: [Listener], besides comments: Set<String>) -> String {
        let ranges = ports.flatMap { transport, ports in ports.ranges.map { (transport, $0) } }
            .sorted { ($0.1.lowerBound, $0.0.rawValue) < ($1.1.lowerBound, $1.0.rawValue) }
        guard let (transport, range) = ranges.first else { return "service" }
        guard transport.hasPorts else { return PolicyName.valid(transport.name, prefix: "protocol-") }
        if let family = PortWords.family(ranges.map(\.1)) { return family }
        let known = ranges.map { knownName($0, $1, names) }
        let words = known.compactMap(\.self).distinct
        if !known.contains(nil), words.count <= Self.mostWords {
            return PolicyName.valid(words.joined(separator: "-"), prefix: "service-")
        }
        // Its firewall knows the rule, and the process is perhaps not running.
        if let given = firewallName ?? application ?? commentName(besides: comments) ?? setName ?? process(listeners) {
            return PolicyName.valid(given, prefix: "service-")
        }
        if range.count >= Int(UInt16.max) { return "all-ports" }
        let sizes = Dictionary(ranges.map { ($0.0, $0.1.count) }, uniquingKeysWith: +)
        if sizes.values.contains(where: { $0 > Self.half }) { return "most-ports" }
        let numbers = zip(ranges, known).filter { $1 == nil }.map { $0.0.1.numberText }.distinct
        let start = words.isEmpty ? (Set(ranges.map(\.0)).count == 1 ? transport.name : "ports") + "-" : ""
        return Self.name(start, words + numbers) ?? placeName
    }

    /// A name of a few words, `ssh-and-2222`, `ssh-https-and-3000`; `nil` for more, or if it is too long.
    private static func name(_ start: String, _ words: [String]) -> String? {
        let name = start + (words.dropLast(2) + [words.suffix(2).joined(separator: "-and-")]).joined(separator: "-")
        return words.count <= mostWords && name.count <= PolicyName.longest
            ? PolicyName.valid(name, prefix: "service-") : nil
    }

    /// The name of many ports, by those who may connect, or by the only interface.
    private var placeName: String {
        let interfaces = entries.flatMap(\.interfaces).distinct
        if interfaces.count == 1, !entries.contains(where: \.interfaces.isEmpty) {
            return PolicyName.valid("ports-\(isOutbound ? "by" : "on")-\(interfaces[0])", prefix: "")
        }
        if isOutbound { return "several-ports" }
        let sources = entries.reduce(AddressSet()) { $0.union($1.sources) }
        if entries.contains(where: { $0.sources.isMostOfItsFamily }) { return "public-ports" }
        return sources.subtracting(.ofPrivateNetworks).isEmpty ? "internal-ports" : "several-ports"
    }

    /// The comment, if it is a name rather than a sentence.
    private func commentName(besides others: Set<String>) -> String? {
        guard let comment = comment?.reason, !others.contains(comment), comment.count <= PolicyName.longest,
            comment.split(separator: " ").count <= Self.mostWords, comment.contains(where: \.isLetter)
        else { return nil }
        return comment
    }

    /// The name of the set of ports that the rule looks up: `tcp dport @web-ports`.
    private var setName: String? {
        guard rules.count == 1, let start = rules[0].firstRange(of: "dport @") else { return nil }
        return String(rules[0][start.upperBound...].prefix { $0 != " " })
    }

    /// The name of a single port; `nil` if it has none.
    private func knownName(
        _ transport: TransportProtocol, _ range: ClosedRange<UInt16>, _ names: PortNames
    ) -> String? {
        if let family = PortWords.family([range]) { return family }
        // Containers publish registered ports for anything.
        let isGuess = isPublished && targets == nil && range.lowerBound >= Self.firstRegistered
        guard range.count == 1, !isGuess else { return nil }
        return PortWords.name(transport, range.lowerBound, names)
    }

    /// The name of the only process that listens on the ports.
    private func process(_ listeners: [Listener]) -> String? {
        let names = listeners.filter { ports[$0.transport]?.contains($0.port) == true }.flatMap { listener in
            if case .processes(let processes) = listener.owners { processes.map(\.name) } else { [String]() }
        }
        return Set(names).count == 1 ? names.first { !$0.isEmpty } : nil
    }
}

extension AddressSet {
    /// The addresses of private networks: RFC 1918, RFC 4193, RFC 4291 2.5.6.
    fileprivate static let ofPrivateNetworks = AddressSet(
        ipv4: IntervalSet([0x0a00_0000...0x0aff_ffff, 0xac10_0000...0xac1f_ffff, 0xc0a8_0000...0xc0a8_ffff]),
        ipv6: IntervalSet([0xfc << 120...(0xfe << 120) - 1])
    ).union(.linkLocal)
}

extension ClosedRange<UInt16> {
    /// The ports in a name: `80`, `8000-8100`.
    fileprivate var numberText: String { count == 1 ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}
