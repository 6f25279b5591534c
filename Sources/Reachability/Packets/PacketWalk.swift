internal import Rulesets

/// The position of a packet in the hooks, and its state there.
struct PacketWalk {
    /// A chain on the call stack.
    struct Frame {
        let table: Int
        let chain: Chain
        /// The index of the next rule.
        var rule = 0
        /// The packet when it entered the chain; `nil` for a base chain.
        var entry: Entry?
    }

    /// What a chain may change of a packet.
    struct Entry: Equatable {
        private let state: PacketState
        private let isLimited: Bool
        /// The number of the last fork: after another one there is more than one way through the chain.
        private let fork: Int

        init(_ walk: PacketWalk) { (state, isLimited, fork) = (walk.state, walk.isLimited, walk.fork) }
    }

    /// What decides on the rest of a path that comes to a rule.
    struct Position: Hashable {
        private struct Place: Hashable {
            let table: Int
            let chain: String
            let rule: Int
        }

        private let hook: Hook
        /// The number of base chains that remain at the hook.
        private let remaining: Int
        private let places: [Place]
        private let state: PacketState
        /// Whether a limit has been passed, which the verdict says.
        private let isLimited: Bool

        init(_ walk: PacketWalk) {
            (hook, remaining, state, isLimited) = (walk.hook, walk.pending.count, walk.state, walk.isLimited)
            places = walk.frames.map { Place(table: $0.table, chain: $0.chain.name, rule: $0.rule) }
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(places)
            hasher.combine(state)
            // Rules that may or may not match set marks, above all.
            hasher.combine(state.marks)
        }
    }

    /// The remaining base chains of this hook.
    var pending: ArraySlice<Hooks.Entry>
    /// The hook.
    var hook: Hook
    /// The call stack, the base chain first.
    var frames: [Frame] = []
    /// The current base chain.
    var base: BaseChain?
    /// The index of the next expression in the rule.
    var expression = 0
    /// The element of a map to continue with, and the register for its value.
    var element: (SetElement, Register)?
    /// The registers of the rule.
    var registers = RegisterFile()
    /// The number of chains entered so far.
    var entries = 0
    /// The number of the last fork on the path.
    var fork = 0
    /// The state of the packet.
    var state: PacketState
    /// The rules that matched.
    var trace: [PacketConclusion.Step] = []
    /// Whether the packet met a limit.
    var isLimited = false
    /// The rule that redirected the packet.
    var redirection: RuleReference?

    /// Moves to the next rule.
    mutating func endRule() {
        if let last = frames.indices.last { frames[last].rule += 1 }
        expression = 0
        registers = RegisterFile()
    }

    /// Leaves the base chain.
    mutating func endBaseChain() {
        frames = []
        base = nil
        expression = 0
        registers = RegisterFile()
    }
}
