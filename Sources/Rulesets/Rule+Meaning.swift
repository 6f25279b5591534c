// Versions of nft encode a rule in different ways, with the same effect in the kernel. Therefore rules are equal if they have
// the same meaning. Two encodings are equal only if they have the same effect on every packet:
//
// - `range` (nft 1.1.3) and the two comparisons with its ends (nft 1.0.6);
// - an anonymous constant set without a size (nft 1.1.3) and with one (nft 1.0.6).
//
// Any other difference counts, above all an attribute that is not modelled.

extension Rule {
    /// Whether both rules have the same effect on every packet and the same user data.
    public static func == (first: Rule, second: Rule) -> Bool {
        first.doesTheSame(as: second) && first.userdata == second.userdata
    }

    /// Hashes the meaning, as `==` compares it.
    public func hash(into hasher: inout Hasher) {
        for expression in expressions {
            guard let bounds = expression.bounds else {
                hasher.combine(expression)
                continue
            }
            for bound in bounds { hasher.combine(bound) }
        }
        hasher.combine(userdata)
        hasher.combine(unrecognized)
    }

    /// Whether both rules have the same effect on every packet, whatever their comments.
    public func doesTheSame(as other: Rule) -> Bool {
        // Most rules are encoded as expected, or share their expressions with the expected rule.
        (expressions == other.expressions || expressions[...].meansTheSame(as: other.expressions[...]))
            && unrecognized == other.unrecognized
    }
}

extension ArraySlice<Expression> {
    /// Whether both are equal after each range is replaced by the comparisons with its ends.
    fileprivate func meansTheSame(as other: Self) -> Bool {
        var (mine, others) = (self, other)
        while let first = mine.first, let second = others.first {
            if first == second {
                (mine, others) = (mine.dropFirst(), others.dropFirst())
            } else if let bounds = first.bounds, others.starts(with: bounds) {
                (mine, others) = (mine.dropFirst(), others.dropFirst(bounds.count))
            } else if let bounds = second.bounds, mine.starts(with: bounds) {
                (mine, others) = (mine.dropFirst(bounds.count), others.dropFirst())
            } else {
                return false
            }
        }
        return mine.isEmpty && others.isEmpty
    }
}

extension Expression {
    /// The comparisons that are equivalent to a range; `nil` for any other expression.
    ///
    /// A register is in a range if it is not below the lower and not above the upper end (`nft_range_eval` and `nft_cmp_eval`
    /// of the kernel, which compare bytes). An inverted range needs an "or", which comparisons do not have.
    fileprivate var bounds: [Expression]? {
        guard case .range(let range) = self, !range.isInverted else { return nil }
        return [
            .compare(Comparison(.greaterOrEqual, range.lower, source: range.source)),
            .compare(Comparison(.lessOrEqual, range.upper, source: range.source)),
        ]
    }
}

extension AnonymousSet {
    /// Whether both sets have the same elements and the same effect.
    public static func == (first: AnonymousSet, second: AnonymousSet) -> Bool {
        first.elements == second.elements && first.meaning == second.meaning
    }

    /// Hashes the meaning, as `==` compares it.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(meaning)
        hasher.combine(elements)
    }

    /// The definition without a size that has no effect: after the commit of its rule, the kernel refuses new elements in a
    /// set that is anonymous and constant, from commands and from packets (`nf_tables_newsetelem`, `nft_dynset_init`).
    private var meaning: SetDefinition {
        guard definition.size != nil, definition.flags.isSuperset(of: [.anonymous, .constant]) else {
            return definition
        }
        var definition = definition
        definition.size = nil
        return definition
    }
}
