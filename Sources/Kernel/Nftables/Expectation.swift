public import Rulesets

/// Tables that the kernel may turn out to have, so that their big sets need not be dumped, nor their rules decoded.
///
/// The kernel's dump of an interval set takes time that grows with the square of its size. Where a set of the kernel is
/// defined as the set of that name in one of the tables, the kernel is asked for each expected element instead, and
/// how many there are; the set is dumped when the answer is not exactly the expectation. Rules are always dumped; those that
/// the kernel spells, octet by octet, as the rule of one of the tables in the same place are that rule.
public struct Expectation: Sendable {
    /// The tables, most likely first.
    var candidates: [Table]
    /// The generation that a commit of the first table made, if it did.
    var committed: UInt32?
    /// What was seen by an earlier run.
    var cache: SetCache?
    /// The elements that a set must be expected to have, or it is dumped at once.
    var threshold: Int
    /// The same where a sample will do.
    var sampleThreshold: Int

    /// From here on look-ups are faster than a dump.
    public static let defaultThreshold = 75_000
    /// From here on the count and a sample of the elements are faster than a dump.
    public static let defaultSampleThreshold = 2_000

    /// Every set is dumped.
    public static let nothing = Self([])

    /// An expectation of these tables.
    ///
    /// - Parameters:
    ///   - candidates: the tables, most likely first.
    ///   - committed: the generation of the kernel's ruleset that a commit by the caller made the first table in. While that
    ///     is the current one the batch is known to be live as a whole, and the count with a sample of the elements will do.
    ///   - cache: what was seen by an earlier run: known while the generation is the same, else one more candidate.
    ///   - threshold: the elements that a set must be expected to have, or it is dumped at once; by default from where on
    ///     look-ups are faster.
    public init(
        _ candidates: [Table], committed: UInt32? = nil, cache: SetCache? = nil, threshold: Int? = nil
    ) {
        self.candidates = candidates
        self.committed = committed
        self.cache = cache
        self.threshold = threshold ?? Self.defaultThreshold
        sampleThreshold = threshold ?? Self.defaultSampleThreshold
    }
}
