/// The work and the room that the evaluations of one ruleset may cost together.
///
/// A ruleset may combine its rules in more ways than can be followed, or listed: beyond the budget the verdict is unknown,
/// and names a rule.
final class WorkBudget {
    /// The steps that are left.
    private(set) var steps: Int
    private var ranges: Int

    /// The most pieces that meet a rule or a box: ten times what 10,000 rules of one address and one port need.
    private static let mostSteps = 2_000_000
    /// The most ranges of sources in the sets of all ports together: 32 MiB.
    private static let mostRanges = 1 << 20

    /// A budget of so many steps and ranges.
    init(steps: Int = mostSteps, ranges: Int = mostRanges) { (self.steps, self.ranges) = (steps, ranges) }

    /// Whether steps are left.
    var isLeft: Bool { steps > 0 }

    /// Whether there is room for more sets.
    var hasRoom: Bool { ranges > 0 }

    /// Takes steps from it.
    func spend(_ count: Int) { steps -= count }

    /// Takes the ranges of a set from it.
    func keep(_ count: Int) { ranges -= count }
}
