/// A rule from which several paths lead on, and the conclusion of those that were followed.
struct PacketFork {
    private let place: RuleReference
    /// The paths that are still to be followed, the last one first.
    private var walks: [PacketWalk]
    /// The conclusion of all paths so far.
    private(set) var conclusion: PacketConclusion?

    init(_ walks: [PacketWalk], at place: RuleReference) {
        self.place = place
        self.walks = walks.reversed()
    }

    /// Whether another path may change the verdict.
    var isOpen: Bool { !walks.isEmpty && conclusion?.verdict.doubts.isEmpty != false }

    /// The next path, which is part of the fork with this number.
    mutating func next(_ number: Int) -> PacketWalk {
        guard var walk = walks.popLast() else { preconditionFailure("an open fork has a path") }
        walk.fork = number
        return walk
    }

    /// Adds the conclusion of a path: a verdict that differs from those before is unknown.
    mutating func add(_ other: PacketConclusion) {
        var result = conclusion ?? other
        if other.verdict != result.verdict {
            result.verdict = .unknown([place] + other.verdict.doubts.filter { $0 != place })
        }
        if case .unknown = result.verdict { result.decision = nil }
        conclusion = result
    }
}

extension PacketVerdict {
    /// The rules that make the verdict unknown.
    fileprivate var doubts: [RuleReference] {
        guard case .unknown(let rules) = self else { return [] }
        return rules
    }
}
