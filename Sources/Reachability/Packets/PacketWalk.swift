internal import Rulesets

/// A packet somewhere on its way through the hooks.
struct PacketWalk {
    /// A chain that is being run.
    struct Frame {
        let table: Int
        let chain: Chain
        /// The rule that is next.
        var rule = 0
    }

    /// The base chains that are still to come at this hook.
    var pending: ArraySlice<Hooks.Entry>
    /// The hook.
    var hook: Hook
    /// The chains that are being run, the base chain first.
    var frames: [Frame] = []
    /// The base chain that is being run.
    var base: BaseChain?
    /// The expression of the rule that is next.
    var expression = 0
    /// The element of a map that this way goes on with, and the register that its value goes to.
    var element: (SetElement, Register)?
    /// The registers of the rule.
    var registers = RegisterFile()
    /// How many chains were entered.
    var entries = 0
    /// What has become of the packet.
    var way: Way
    /// The rules that matched.
    var trace: [PacketConclusion.Step] = []
    /// Whether a limit was on the way.
    var isLimited = false
    /// The rule that redirected the packet.
    var redirection: RuleReference?

    /// Leaves the rule for the next one.
    mutating func endRule() {
        if let last = frames.indices.last { frames[last].rule += 1 }
        expression = 0
        registers = RegisterFile()
    }

    /// Leaves the base chain with its verdict.
    mutating func endBaseChain() {
        frames = []
        base = nil
        expression = 0
        registers = RegisterFile()
    }
}
