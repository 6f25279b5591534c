internal import Rulesets

/// Sentences at the head of a policy about the rules that it was written from.
struct Surroundings {
    /// The sentences.
    let sentences: [String]

    /// The sentences about the tables of a takeover.
    init(_ takeover: Takeover) {
        let going = takeover.lost.filter { lost in
            takeover.whole.contains { $0.name == lost.table && $0.chain(lost.chain)?.base?.hook == .forward }
        }.map { "\($0.table) \($0.chain)" }
        // Rules of other programs may stay in a chain that accepts by default from then on.
        let forwarding = takeover.remaining.flatMap(\.forwardFilters).filter { !going.contains($0) }
        let leaving = takeover.remaining.flatMap(\.outputFilters)
        sentences =
            [
                "Those rules stay loaded, and decide as well, until the commands that import lists have removed them.",
                FirewalldZones(takeover.whole).sentence,
                going.isEmpty
                    ? nil
                    : "Packets that this host forwards are filtered by \(going.listed); \(going.count == 1 ? "that goes" : "those go"), and this policy has nothing in its place.",
                forwarding.isEmpty
                    ? nil
                    : "Packets that this host forwards are filtered by \(forwarding.listed), which \(forwarding.count == 1 ? "stays" : "stay"): they are no part of this policy.",
                leaving.isEmpty
                    ? nil
                    : "What this host sends is filtered by \(leaving.listed), which \(leaving.count == 1 ? "stays" : "stay").",
            ].compactMap(\.self)
    }
}

extension Table {
    /// The base chains that filter forwarded packets, of people and not of programs that run containers.
    fileprivate var forwardFilters: [String] { filters(.forward) }

    /// The same of packets that this host sends.
    fileprivate var outputFilters: [String] { filters(.output) }

    private func filters(_ hook: Hook) -> [String] {
        guard !isOfNeighbour else { return [] }
        return chains.filter { chain in
            guard let base = chain.base, base.type == "filter", base.hook == hook else { return false }
            return base.policy == .drop || chain.rules.contains { !isOfNeighbour($0) }
        }.map { "\(name) \($0.name)" }
    }
}

extension [String] {
    /// The elements with commas.
    fileprivate var listed: String { joined(separator: ", ") }
}
