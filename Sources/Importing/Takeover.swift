internal import Addressing
public import Rulesets

/// The division of a host's tables between those that a policy replaces and those that stay beside it.
///
/// A policy replaces what decides on packets to this host: the input chains of firewalls, and the translations that it can say as
/// well. Filters of forwarded packets stay as they are, and so do the tables of programs that ban sources or run containers.
public struct Takeover {
    /// A firewall whose decisions a policy replaces.
    public enum Firewall: Hashable, Sendable {
        /// The table of firewalld.
        case firewalld
        /// The chains of ufw.
        case ufw
        /// The chain INPUT or OUTPUT of a table of iptables: of these rules, by their numbers from 1, or of all for `nil`.
        case iptables(table: TableName, chain: String, numbers: [Int]?)
        /// A base chain of nftables.
        case chain(table: TableName, chain: String)
        /// Rules of a chain of iptables, by their numbers from 1.
        case rules(table: TableName, chain: String, numbers: [Int])
        /// portreeve's own table.
        case portreeve
    }

    /// The tables that decide now, without the bans of other programs, and without filters that stay.
    public private(set) var imported: [Table] = []
    /// The same tables with all filters.
    private(set) var whole: [Table] = []
    /// The tables that stay when the firewalls are gone.
    public private(set) var remaining: [Table] = []
    /// The firewalls, in the order of their tables.
    public private(set) var firewalls: [Firewall] = []
    /// The chains that go with the firewalls, though they refuse packets that are forwarded or leave.
    public private(set) var lost: [LostChain] = []

    /// Chains and sets that stay loaded and decide nothing, since the chain that used them is gone.
    public struct Unused: Hashable, Sendable {
        /// The table.
        public var table: TableName
        /// The chains, by name.
        public var chains: [String]
        /// The sets, by name.
        public var sets: [String]
        /// Whether no chain of the table is attached to a hook, so that the whole table decides nothing.
        public var isWholeTable: Bool
    }

    /// The chains and sets that only the replaced chains used; ufw deletes its own.
    public var unused: [Unused] {
        live.compactMap { before in
            guard let after = remaining.first(where: { $0.name == before.name }) else { return nil }
            let (was, stays) = (before.reachedChains, after.reachedChains)
            let chains = after.chains.map(\.name).filter {
                was.contains($0) && !stays.contains($0) && !$0.hasPrefix("ufw")
            }
            let sets = before.setsUsed(by: was).subtracting(after.setsUsed(by: stays)).sorted()
            guard !chains.isEmpty || !sets.isEmpty else { return nil }
            return Unused(table: before.name, chains: chains, sets: sets, isWholeTable: stays.isEmpty)
        }
    }

    /// The live tables.
    private let live: [Table]

    /// A base chain that refuses packets, and goes with its firewall.
    public struct LostChain: Hashable, Sendable {
        /// The table.
        public var table: TableName
        /// The chain.
        public var chain: String
    }

    /// The starts of the names of tables and chains of programs that ban sources, run containers or build networks.
    public static let neighbours = [
        "f2b-", "fail2ban", "crowdsec", "sshguard", "docker", "kube-", "cali-", "cilium", "flannel", "cni-", "netavark",
        "libvirt", "ts-",
        "tailscale", "podman", "lxc", "lxd", "incus", "wg-quick", "nm-shared", "blacklist",
    ]

    /// Divides the live tables; `own` is the name of portreeve's.
    public init(_ tables: [Table], own: TableName) {
        live = tables.filter { $0.name != own }
        for table in tables {
            if table.name == own {
                firewalls.append(.portreeve)
                imported.append(table)
            } else if table.isOfNeighbour {
                remaining.append(table)
                // Bans are no part of a policy; all else may let packets in.
                if !table.onlyRefuses { imported.append(table) }
            } else if table.name.name == "firewalld" {
                firewalls.append(.firewalld)
                imported.append(table)
                lost += table.refusingChains(besides: [.input, .prerouting])
            } else {
                divide(table)
            }
        }
        firewalls = firewalls.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        whole = imported
        imported = imported.map(\.withoutOtherFilters)
    }

    /// Takes out of the remaining tables what a policy says as well.
    mutating func replace(_ replaced: [TranslationPlan.Replaced]) {
        for each in replaced {
            switch each {
            case .table: continue
            case .chain(let table, let chain):
                firewalls.append(.chain(table: table, chain: chain))
                rewrite(table) { $0.removing(chain) }
            case .rules(let table, let chain, let numbers):
                firewalls.append(.rules(table: table, chain: chain, numbers: numbers))
                rewrite(table) { $0.removing(numbers, from: chain) }
            }
        }
    }

    /// Takes the filters of packets that leave out of the remaining tables: `outbound` says what they let out.
    mutating func replace(outbound chains: [LostChain]) {
        for filter in chains {
            lost.removeAll { $0 == filter }
            guard remaining.contains(where: { $0.name == filter.table && $0.chain(filter.chain) != nil }) else {
                continue
            }
            if isOfXtables(filter.table) {
                if !firewalls.contains(.ufw), let table = live.first(where: { $0.name == filter.table }) {
                    firewalls.append(table.firewall(emptying: filter.chain))
                }
                rewrite(filter.table) { table in table.emptying(filter.chain) { table.isOfNeighbour($0) } }
            } else {
                firewalls.append(.chain(table: filter.table, chain: filter.chain))
                rewrite(filter.table) { $0.removing(filter.chain) }
            }
        }
    }

    private mutating func rewrite(_ name: TableName, _ change: (Table) -> Table) {
        remaining = remaining.map { $0.name == name ? change($0) : $0 }
    }

    /// Whether a table goes as a whole with its firewall.
    func replacesWhole(_ table: TableName) -> Bool { table.name == "firewalld" }

    /// Whether a table is one of iptables.
    func isOfXtables(_ table: TableName) -> Bool { whole.contains { $0.name == table && $0.isOfXtables } }

    private mutating func divide(_ table: Table) {
        imported.append(table.rewriting { chain in chain.rules.filter { !table.onlyBans($0) } })
        let isOfXtables = table.isOfXtables
        let isOfUfw = table.chains.contains { $0.name.hasPrefix("ufw") }
        var left = table
        for chain in table.chains where chain.decidesOnInput && !table.isIdle(chain) {
            if isOfXtables {
                firewalls.append(isOfUfw ? .ufw : table.firewall(emptying: chain.name))
                left = left.emptying(chain.name) { table.isOfNeighbour($0) }
            } else {
                firewalls.append(.chain(table: table.name, chain: chain.name))
                left = left.removing(chain.name)
            }
        }
        if isOfUfw {
            for chain in table.chains where chain.base != nil && !chain.decidesOnInput {
                if chain.base?.policy == .drop { lost.append(LostChain(table: table.name, chain: chain.name)) }
                left = left.emptying(chain.name) { $0.target?.hasPrefix("ufw") != true }
            }
        }
        remaining.append(left)
    }
}
