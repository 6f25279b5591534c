internal import Reachability
internal import Rulesets

/// The lists of the match `recent` of iptables that a rule adds addresses to (`xt_recent.c` of the kernel: only `--set` does).
///
/// A check of another list matches nothing, unless a program writes to its file in `/proc/net/xt_recent`.
struct FilledLists {
    private var names: Set<String> = []

    /// The lists that rules of these tables fill.
    init(_ tables: [Table]) {
        for list in tables.lazy.flatMap(\.chains).flatMap(\.rules).flatMap(\.expressions).compactMap(\.recent)
        where list.adds { names.insert(list.name) }
    }

    /// Whether the rule checks a list that no rule fills.
    func lacks(_ rule: Rule) -> Bool {
        rule.expressions.lazy.compactMap(\.recent).contains { !$0.adds && !names.contains($0.name) }
    }

    /// Sentences about the limits of these tables whose list no rule fills.
    func sentences(_ tables: [Table]) -> [String] {
        let idle = tables.map(\.withNativeExtensions).filter { !$0.isOfNeighbour }.flatMap { table in
            table.chains.flatMap { chain in
                chain.rules.enumerated().filter { lacks($0.element) && $0.element.limitText != nil }.map {
                    RuleReference(table: table.name, chain: chain.name, index: $0.offset, rule: $0.element)
                }
            }
        }
        let lists = idle.compactMap { $0.rule?.expressions.lazy.compactMap(\.recent).first?.name }.distinct.sorted()
        guard let names = idle.names else { return [] }
        let files = lists.map { "/proc/net/xt_recent/\($0)" }.joined(separator: ", ")
        let (verb, its) = idle.count == 1 ? ("limits", "its list") : ("limit", "their lists")
        return [
            "\(names) \(verb) nothing: no rule adds addresses to \(its) with --set. This policy has no such limit; it would matter if a program writes to \(files)."
        ]
    }
}
