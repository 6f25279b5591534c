public import Addressing
public import Rulesets

/// Sources of one family that gain or lose access to ports.
public struct AccessChange: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports, both ends included.
    public var ports: ClosedRange<UInt16>
    /// The family of the sources.
    public var family: AddressFamily
    /// The sources.
    public var sources: AddressSet
    /// The interfaces as a policy writes them, `nil` for all that no ruleset names; empty for all interfaces but `lo`.
    public var interfaces: [String?]
    /// The addresses of this host that it is about; empty for all.
    public var destinations: [DestinationClass] = []
    /// The users of the sockets of packets that leave; empty for all of them, and for packets that arrive.
    public var users: [SocketUser] = []
    /// The rules that make the access unknown; empty for a certain change.
    public var doubts: [RuleReference]
}

/// The sources that gain and lose access between two rulesets; empty if the access is the same.
public struct AccessDifference {
    /// Access that is open after and was closed before.
    public private(set) var gained: [AccessChange] = []
    /// Access that was open before and is closed after.
    public private(set) var lost: [AccessChange] = []
    /// Access that may be open before or after, and may differ.
    public private(set) var unknown: [AccessChange] = []
    /// The access before.
    public let before: AccessRegions
    /// The access after.
    public let after: AccessRegions

    /// Whether it is certain that no source gains or loses access.
    public var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty }

    /// The difference between two rulesets, exact for new connections under these circumstances.
    ///
    /// - Parameters:
    ///   - old: the tables before.
    ///   - new: the tables after.
    ///   - circumstances: the time, the host's addresses and the assumption about limits.
    ///   - path: the hooks that the packets pass.
    public init(from old: [Table], to new: [Table], in circumstances: Circumstances, path: PacketPath = .arriving) {
        let spaces = SourceSpaces()
        let rules = RuleNumbers()
        let interfaces = InterfaceClass.all(
            in: old + new, circumstances.routes, includesOutput: path == .leaving)
        let users = path.users(in: old + new)
        let transports = TransportProtocol.all(in: old + new)
        let destinations = path.destinations(in: old + new, circumstances)
        let kept = Set(old.filter(new.contains).map(\.name))
        let shared = SharedChains(kept)
        func regions(_ tables: [Table]) -> AccessRegions {
            AccessRegions(
                tables, in: circumstances, path: path, transports: transports, interfaces: interfaces,
                destinations: destinations, users: users, spaces: spaces, rules: rules, sharing: shared)
        }
        self.init(
            from: regions(old), to: regions(new), ChangeCollector(interfaces, destinations, users.compactMap(\.self)),
            kept)
    }

    /// Leaves out what is only about sources that no packet has, or about interfaces that the host does not have.
    public mutating func leaveOutAbsent() {
        func possible(_ changes: [AccessChange]) -> [AccessChange] {
            changes.filter { !$0.sources.subtracting(.impossible).isEmpty }
        }
        (gained, lost, unknown) = (possible(gained), possible(lost), possible(unknown))
        leaveOutAbsentInterfaces()
    }

    /// Leaves out what is only about interfaces that no rule names, if the host has none of them.
    ///
    /// With no interface but loopback, the host is not set up yet: nothing is left out.
    public mutating func leaveOutAbsentInterfaces() {
        guard !before.present.contains(where: { $0.kind == .other }) else { return }
        func present(_ changes: [AccessChange]) -> [AccessChange] {
            changes.compactMap { change in
                guard change.interfaces.contains(nil) else { return change }
                var change = change
                change.interfaces.removeAll { $0 == nil }
                return change.interfaces.isEmpty ? nil : change
            }
        }
        (gained, lost, unknown) = (present(gained), present(lost), present(unknown))
    }

    private init(
        from before: AccessRegions, to after: AccessRegions, _ collector: ChangeCollector, _ kept: Set<TableName>
    ) {
        self.before = before
        self.after = after
        var (gained, lost, unknown) = (collector, collector, collector)
        // Connections of this host to itself are not access.
        for group in before.keysByPlace where group[0].interface != .loopback {
            let comparison = Comparison(group, before, after, doubtedBy: kept)
            gained.add(comparison, \.gained)
            lost.add(comparison, \.lost)
            unknown.add(comparison, \.unknown)
        }
        self.gained = gained.changes(before.spaces, before.rules)
        self.lost = lost.changes(before.spaces, before.rules)
        self.unknown = unknown.changes(before.spaces, before.rules)
    }
}

extension AccessChange {
    /// The sort key of changes.
    var order: [String] {
        let number = String(ports.lowerBound)
        return [
            String(transport.rawValue + 100), String(repeating: "0", count: 5 - number.count) + number, family.rawValue,
            interfaces.map { $0 ?? "~" }.joined(separator: ","), sources.order,
            destinations.map { $0.addresses?.order ?? "" }.joined(separator: ","),
        ]
    }
}

extension AddressSet {
    fileprivate var order: String {
        ipv4.ranges.first.map { IPv4Address.text(of: $0) } ?? ipv6.ranges.first.map { IPv6Address.text(of: $0) } ?? ""
    }
}
