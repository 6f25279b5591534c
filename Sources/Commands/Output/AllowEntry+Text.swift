internal import Addressing
internal import Policies

extension AllowEntry {
    /// The sources as the policy writes them: `office`, `any except scanners`.
    var sourcesText: String { text(sources.entries, except?.entries) }

    /// The same, cut after a few sources.
    var shortSourcesText: String { text(Self.cut(sources.entries), except.map { Self.cut($0.entries) }) }

    private func text(_ sources: [String], _ except: [String]?) -> String {
        sources.joined(separator: ", ") + (except.map { " except \($0.joined(separator: ", "))" } ?? "")
    }

    private static func cut(_ entries: [String]) -> [String] {
        let rest = entries.count - AddressSet.shownRanges
        guard rest > 1, let last = entries.prefix(AddressSet.shownRanges).last else { return entries }
        return entries.prefix(AddressSet.shownRanges - 1) + ["\(last) and \(rest) more"]
    }

    /// The sources and conditions for programs.
    var conditions: [(String, JSON)] {
        [
            ("sources", .array(sources.entries.map(JSON.string))),
            ("interfaces", .array(interfaces.map { .string("\($0)") })),
            ("limit", limit.map { .string("\($0.rate)") } ?? .null),
            ("expires", expires.map { .string($0.written) } ?? .null),
        ]
    }

    /// The entry for programs.
    var json: JSON {
        .object(
            conditions + [
                ("connections", connections.map { .number(Int($0)) } ?? .null),
                ("limit_per", limit.map { .string($0.isShared ? "all" : "source") } ?? .null),
                ("except", .array((except?.entries ?? []).map(JSON.string))), ("log", .bool(log)), ("why", JSON(why)),
                ("owner", JSON(owner)), ("ticket", JSON(ticket)), ("policy", location.json),
            ])
    }
}

extension SourceLocation {
    /// The place for programs.
    var json: JSON { ["file": .string(file), "line": .number(line)] }
}
