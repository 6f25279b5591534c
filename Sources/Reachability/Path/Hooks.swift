internal import Addressing
internal import Rulesets

/// The base chains of all tables in the order in which packets pass them.
struct Hooks {
    /// A base chain and the index of its table.
    struct Entry {
        let table: Int
        let chain: Chain
        let base: BaseChain
    }

    /// `NF_IP_PRI_CONNTRACK` of `linux/netfilter_ipv4.h`: chains with a lower priority run before conntrack.
    static let conntrackPriority: Int32 = -200
    /// `NF_NETDEV_EGRESS` and `NF_NETDEV_INGRESS` of `linux/netfilter.h`, numbers of the family netdev.
    fileprivate static let (deviceIngress, deviceEgress): (UInt32, UInt32) = (0, 1)

    /// The tables, with extensions of iptables and named limits replaced by native expressions.
    let tables: [Table]
    /// The base chains of tables that are not dormant, in the order of the tables.
    private let bases: [Entry]
    /// In which order chains are evaluated.
    let orders = ChainOrders()
    /// For each table the sets to which a rule adds clients within all limits, or deletes them.
    private let changingSets: [Set<String>]

    /// Where the order of chains decides and is not known.
    let ties: ChainTies
    /// The order of tables at places where it decides.
    private var precedence: [ChainTies.Place: [Int]] = [:]

    /// Whether a rule reads a mark: otherwise no mark decides on a packet.
    let readsMarks: Bool
    /// The families whose connections conntrack tracks: chains of type `nat` run for no others (`nf_nat_inet_fn`).
    private let tracked: Set<AddressFamily>

    /// The hooks of tables; the other tables, whose chains are not evaluated, may let conntrack track, too.
    init(tables: [Table], beside others: [Table] = []) {
        tracked = Set(AddressFamily.allCases.filter { family in (tables + others).contains { $0.tracks(family) } })
        let native = tables.map { $0.withNativeExtensions.withNamedObjects.withSetStatements }
        self.tables = native
        changingSets = native.map(\.changingSets)
        readsMarks = native.contains { table in
            table.chains.contains { $0.rules.contains { $0.expressions.contains(where: \.readsMark) } }
        }
        let bases = native.indices.filter { !native[$0].isDormant }.flatMap { index in
            native[index].chains.compactMap { chain in
                chain.base.map { Entry(table: index, chain: chain, base: $0) }
            }
        }
        self.bases = bases
        ties = ChainTies(bases, in: native, readsMarks: readsMarks)
    }

    /// The hooks in each possible order of their chains.
    var alternatives: [Hooks] {
        ties.orders.map { order in
            var hooks = self
            hooks.precedence = order
            return hooks
        }
    }

    /// A set of a table by its name; its elements are `nil` if they are not known.
    func set(
        _ name: String, table: Int, _ limits: Circumstances.Limits
    ) -> (definition: SetDefinition, elements: SetElements?)? {
        guard let set = tables[table].set(name) else { return nil }
        guard set.definition.flags.contains(.dynamic) else { return (set.definition, set.elements) }
        let isChanging = changingSets[table].contains(name) || limits == .either
        return (set.definition, isChanging ? nil : set.members)
    }

    /// The chains of a hook that packets of the setting pass, in order.
    ///
    /// Of chains with equal priority the last one runs first.
    func entries(_ hook: Hook, _ setting: Setting) -> [Entry] {
        let all = bases.filter { entry in
            let family = tables[entry.table].name.family
            guard setting.isSeen(by: family) || family == .netdev else { return false }
            if entry.base.type == "nat", !tracked.contains(setting.family) { return false }
            return entry.base.runs(at: hook, family, setting)
        }
        return all.enumerated().sorted { first, second in
            let (one, other) = (first.element, second.element)
            return one.base.order + rank(one) + [-Int32(first.offset)]
                < other.base.order + rank(other) + [-Int32(second.offset)]
        }.map(\.element)
    }

    /// The place of a chain among those of equal priority.
    private func rank(_ entry: Entry) -> [Int32] {
        let place = ChainTies.Place(hook: entry.base.hook, order: entry.base.order)
        let tables = precedence[place] ?? []
        return [tables.firstIndex(of: entry.table).map(Int32.init) ?? Int32(tables.count)]
    }

    /// Whether a chain sees the replies of this host and may drop them, or keep them from their connections.
    var decidesOnReplies: Bool { decides(at: [.output, .postrouting, .egress]) || setsZones }

    /// Whether a chain sees the replies of hosts to which this one forwards and may drop them, or keep them from their connections.
    var decidesOnForwardedReplies: Bool {
        decides(at: [.ingress, .prerouting, .forward, .postrouting, .egress]) || setsZones
    }

    /// Whether a chain sees the packets of clients, and may decide otherwise on later ones of a connection than on the first.
    var decidesOnLaterPackets: Bool {
        bases.contains { entry in
            let hook = entry.base.hook(in: tables[entry.table].name.family)
            guard entry.base.type != "nat", [.ingress, .prerouting, .input].contains(hook) else { return false }
            return tables[entry.table].chains.contains { $0.rules.contains(where: \.tellsPhases) }
        }
    }

    /// The rules that set zones of conntrack.
    var zoneRules: [RuleReference] {
        tables.flatMap { table in
            table.chains.flatMap { chain in
                chain.rules.enumerated().filter { $0.element.expressions.contains(where: \.setsZone) }.map {
                    RuleReference(table: table.name, chain: chain.name, index: $0.offset, rule: $0.element)
                }
            }
        }
    }

    /// Whether a chain may drop messages of ARP or neighbour discovery.
    var decidesOnDiscovery: Bool {
        bases.contains {
            $0.base.type != "nat" && ($0.base.policy == .drop || $0.chain.rules.contains { !$0.isHarmless })
        }
    }

    private var setsZones: Bool { !zoneRules.isEmpty }

    /// Whether a chain of one of the hooks may drop packets of established connections.
    private func decides(at hooks: [Hook]) -> Bool {
        bases.contains { entry in
            let family = tables[entry.table].name.family
            return family != .arp && hooks.contains(entry.base.hook(in: family)) && entry.base.type != "nat"
                && (entry.base.policy == .drop || entry.chain.rules.contains { !$0.isHarmless })
        }
    }

    /// The chains behind the IP layer that may drop packets that leave by the interface of the setting and are not modelled: those
    /// of the devices on which it stands, such as the ports of a bridge.
    func lowerEgressChains(_ setting: Setting) -> [RuleReference] {
        bases.filter { entry in
            let isEgress = entry.base.hook(in: tables[entry.table].name.family) == .egress
            guard isEgress, !entry.base.runs(at: .egress, tables[entry.table].name.family, setting) else {
                return false
            }
            return setting.mayLeave(byDevicesAmong: entry.base.devices)
                && (entry.base.policy == .drop || entry.chain.rules.contains { !$0.isHarmless })
        }.map { RuleReference(table: tables[$0.table].name, chain: $0.chain.name) }
    }

    /// The chains before the IP layer that may drop packets of the setting and are not modelled: of bridges, and of devices
    /// that are not known.
    func lowerChains(_ setting: Setting) -> [RuleReference] {
        bases.filter { entry in
            guard entry.base.isBelow(tables[entry.table].name.family, setting) else { return false }
            return entry.base.policy == .drop || entry.chain.rules.contains { !$0.isHarmless }
        }.map { RuleReference(table: tables[$0.table].name, chain: $0.chain.name) }
    }
}

extension Expression {
    /// Whether it loads the mark of a packet or a connection.
    fileprivate var readsMark: Bool {
        switch self {
        case .meta(.mark, _): true
        case .conntrack(let load): load.key == .mark
        default: false
        }
    }
}

extension Table {
    /// Whether its base chains are disabled: `NFT_TABLE_F_DORMANT`.
    fileprivate var isDormant: Bool { flags & 1 != 0 }
}

extension [Int32] {
    fileprivate static func < (first: Self, second: Self) -> Bool { first.lexicographicallyPrecedes(second) }
}

extension BaseChain {
    /// The priority at which it runs: all chains of type `nat` run where the kernel's own translation does, in the order of
    /// the priorities that they declare (`nf_nat_register_fn`).
    var effectivePriority: Int32 {
        guard type == "nat" else { return priority }
        return hook == .prerouting || hook == .output ? -100 : 100  // NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC
    }

    /// The order in which chains of a hook run.
    var order: [Int32] { [effectivePriority, priority] }

    /// Whether packets of the setting may pass the chain before the IP layer, where it is not modelled.
    fileprivate func isBelow(_ family: TableFamily, _ setting: Setting) -> Bool {
        switch family {
        case .netdev, .inet: isIngress(family) && (devices.isEmpty || setting.mayArrive(byPortsAmong: devices))
        case .bridge: (hook == .prerouting || hook == .input) && setting.mayArriveByBridge
        default: false
        }
    }

    /// Whether the chain runs at a hook where packets of the setting pass: on their device, if it is a hook of devices.
    fileprivate func runs(at place: Hook, _ family: TableFamily, _ setting: Setting) -> Bool {
        guard hook(in: family) == place else { return false }
        return ![.ingress, .egress].contains(place) || devices.contains(setting.interfaceName)
            || setting.vlanDevice.map(devices.contains) == true
    }

    private func isIngress(_ family: TableFamily) -> Bool { hook(in: family) == .ingress }

    /// The hook in a table of a family: arp and netdev have numbers of their own.
    fileprivate func hook(in family: TableFamily) -> Hook {
        // `NF_ARP_IN` and `NF_ARP_OUT` of `linux/netfilter_arp.h`.
        if family == .arp { return hook.rawValue == 0 ? .input : hook.rawValue == 1 ? .output : hook }
        guard family == .netdev else { return hook }
        return hook.rawValue == Hooks.deviceIngress ? .ingress : hook.rawValue == Hooks.deviceEgress ? .egress : hook
    }
}

extension Hook {
    /// On a device, behind all other hooks; a number that the kernel does not use.
    static let egress = Hook(rawValue: 6)
}

extension Rule {
    /// Whether it may match later packets of a connection otherwise than the first: it reads the connection or flags of TCP, or
    /// something that is not modelled.
    fileprivate var tellsPhases: Bool {
        expressions.contains { expression in
            switch expression {
            case .conntrack, .opaque, .xtables: true
            // The flags are at byte 13, RFC 9293 3.1.
            case .payload(let payload): payload.base == .transport && payload.end > 4
            default: false
            }
        }
    }

    /// Whether the rule cannot refuse or change a packet: it only counts, logs or accepts.
    fileprivate var isHarmless: Bool {
        expressions.allSatisfy { expression in
            switch expression {
            case .counter, .log, .meta, .payload, .compare, .range, .bitwise, .verdict(.accept): true
            default: false
            }
        }
    }
}
