internal import Auditing
internal import Kernel
internal import System

extension [Finding] {
    /// What decides beside nf_tables in the network namespace of the calling thread, and services that take it all away.
    ///
    /// Services of systemd are the host's: in another namespace than that of the first process they change nothing.
    static var competingFirewalls: [Finding] {
        let units = RulesetIdentity.isHost ? UnitFiles(names: HostTree.names, text: HostTree.text) : .none
        return LegacyTables.all.compactMap(Finding.init) + FirewallUnits(units).findings
    }
}

extension Finding {
    /// A table of `iptables-legacy` that does something; `nil` for one that lets everything go its way.
    fileprivate init?(_ table: LegacyTable) {
        let program = table.isIPv6 ? "ip6tables-legacy" : "iptables-legacy"
        guard let effects = table.effects else {
            self.init(.unknown, .warning, "\(program) has a table \"\(table.name)\", whose rules cannot be read")
            return
        }
        guard effects.refusing + effects.redirecting > 0 else { return nil }
        let counts = [(effects.refusing, "drop packets"), (effects.redirecting, "redirect them")].filter { $0.0 > 0 }
        let what = "rules or policies that " + counts.map { "\($0.1) (\($0.0))" }.joined(separator: " and ")
        self.init(
            .foreignOverride, .warning,
            "\(program) has a table \"\(table.name)\" with \(what), which packets meet beside nf_tables: move it by "
                + "`\(program)-save | \(program.replacing("legacy", with: "nft"))-restore`, or empty it",
            table: "\(program) \(table.name)")
    }
}
