public import Rulesets

extension [Finding] {
    /// Firewalls besides nf_tables, and services that flush portreeve's table.
    public static func competingFirewalls(_ tables: [LegacyTable], _ units: UnitFiles) -> [Finding] {
        legacyTables(tables) + FirewallUnits(units).findings
    }

    /// Tables of `iptables-legacy` that drop packets or redirect them.
    public static func legacyTables(_ tables: [LegacyTable]) -> [Finding] { tables.compactMap(Finding.init) }
}

extension Finding {
    /// A finding about a table of `iptables-legacy`; `nil` if the table accepts everything.
    fileprivate init?(_ table: LegacyTable) {
        let program = table.isIPv6 ? "ip6tables-legacy" : "iptables-legacy"
        guard let effects = table.effects else {
            self.init(
                .unknown, .warning, "cannot read the rules of table \"\(table.name)\" of \(program)",
                table: "\(program) \(table.name)")
            return
        }
        guard effects.refusing + effects.redirecting > 0 else { return nil }
        let counts = [(effects.refusing, "drop packets"), (effects.redirecting, "redirect them")].filter { $0.0 > 0 }
        let what = "rules or policies that " + counts.map { "\($0.1) (\($0.0))" }.joined(separator: " and ")
        self.init(
            .foreignOverride, .warning,
            "\(program) has a table \"\(table.name)\" with \(what), besides nf_tables: move it with "
                + "`\(program)-save | \(program.replacing("legacy", with: "nft"))-restore`, or empty it",
            table: "\(program) \(table.name)")
    }
}
