public import Rulesets

/// Tables that the kernel is likely to have, so that big sets need not be dumped and rules need not be decoded.
///
/// The time of the kernel's dump of an interval set grows with the square of its size. If a set is defined as the set
/// of the same name in one of the tables, the kernel is asked for each expected element and for the number of elements
/// instead; the set is dumped if the answers differ from the expectation. Rules are always dumped; a rule whose bytes
/// equal the encoding of the rule at the same position in one of the tables is that rule.
public struct Expectation: Sendable {
    /// The tables, most likely first.
    var candidates: [Table]
    /// The generation that this process's commit of the first table made; `nil` without such a commit.
    var committed: UInt32?
    /// The elements that an earlier run read.
    var cache: SetCache?
    /// Sets with fewer expected elements are dumped at once.
    var threshold: Int
    /// The threshold for a set of which a sample is enough.
    var sampleThreshold: Int
    /// From this number of elements on, a `ReplyFilter` compares the replies.
    var filterThreshold: Int
    /// From this number of live elements on, what a set has lost and got is searched.
    var searchThreshold: Int

    /// From this number of elements on, lookups are faster than a dump.
    public static let defaultThreshold = 75_000
    /// From this number of elements on, the count and a sample are faster than a dump.
    public static let defaultSampleThreshold = 2_000
    /// From this number of elements on, a filter saves more time than it takes to load.
    static let defaultFilterThreshold = 2_000

    /// No expectation: every set is dumped.
    public static let nothing = Self([])

    /// An expectation of these tables.
    ///
    /// - Parameters:
    ///   - candidates: the tables, most likely first.
    ///   - committed: the generation that the caller's commit of the first table made. As long as it is the current
    ///     one, the whole batch is known to be live, and the count and a sample of the elements are enough.
    ///   - cache: the elements that an earlier run read: valid in the same generation, else one more candidate.
    ///   - threshold: sets with fewer expected elements are dumped at once; by default the number from which on lookups
    ///     are faster.
    public init(
        _ candidates: [Table], committed: UInt32? = nil, cache: SetCache? = nil, threshold: Int? = nil
    ) {
        self.candidates = candidates
        self.committed = committed
        self.cache = cache
        self.threshold = threshold ?? Self.defaultThreshold
        sampleThreshold = threshold ?? Self.defaultSampleThreshold
        filterThreshold = threshold ?? Self.defaultFilterThreshold
        searchThreshold = threshold ?? Self.defaultThreshold
    }
}
