public import Rulesets

extension [Finding] {
    /// What decides beside nf_tables, and the services that take portreeve's table away.
    public static func competingFirewalls(_ tables: [LegacyTable], _ units: UnitFiles) -> [Finding] {
        tables.compactMap(Finding.init) + FirewallUnits(units).findings
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
