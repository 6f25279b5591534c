public import Rulesets

extension Rule {
    /// Whether it drops the packets of sources, as the rules of `deny` do in the chain with this name.
    public func isDenial(in chain: String) -> Bool {
        guard [Names.input, Names.redirected].contains(chain) else { return false }
        let matchesSource = expressions.contains { expression in
            if case .payload(let payload) = expression { payload.base == .network } else { false }
        }
        return matchesSource && [.verdict(.drop), .verdict(.goto(Names.deniedSources))].contains(expressions.last)
    }
}
