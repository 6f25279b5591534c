internal import Addressing
public import Rulesets

/// The set and the rules that bound what one source may do: its new connections by rate, or its connections at once.
///
/// A source is an IPv4 address or an IPv6 /64. When the set is full, the kernel adds no source: those that it lacks then
/// share one allowance of a hundred times the bound, so that a flood of sources neither closes the service nor opens it.
struct SourceBound {
    /// The set with an element for each source.
    let set: NamedSet
    /// The rule that drops what exceeds the bound of one source.
    let own: Rule
    /// The rule that drops what exceeds the allowance of the sources that the set lacks.
    let shared: Rule

    /// The most sources in a set.
    private static let size: UInt32 = 65535
    /// The factor of the allowance that sources without an element share.
    private static let factor: UInt32 = 100

    /// A bound of the rate of new connections; `name` is that of the service or of the entry.
    ///
    /// What exceeds it gets the verdict `excess`.
    init(_ name: String, _ family: AddressFamily, _ limit: RateLimit, excess: Verdict) {
        var all = limit
        all.rate *= UInt64(Self.factor)
        all.burst = limit.burst.multipliedClamping(by: Self.factor)
        set = NamedSet(
            name: Names.limiter(name, family),
            definition: .limiter(family, size: Self.size, timeout: limit.memory), elements: .list([]))
        // `update`, not `add`, by which an element would expire under load and give a fresh burst.
        (own, shared) = Self.rules(.update, set.name, family, .limit(limit), .limit(all), excess)
    }

    /// A bound of the connections at once; `name` is that of the service or of the entry.
    ///
    /// What exceeds it gets the verdict `excess`.
    init(_ name: String, _ family: AddressFamily, _ count: ConnectionCount, excess: Verdict) {
        let all = ConnectionCount(count.count.multipliedClamping(by: Self.factor), isOver: count.isOver)
        // Without a timeout, after which it would forget live connections.
        set = NamedSet(
            name: Names.counter(name, family), definition: .limiter(family, size: Self.size, timeout: nil),
            elements: .list([]))
        (own, shared) = Self.rules(.add, set.name, family, .connectionCount(count), .connectionCount(all), excess)
    }

    private static func rules(
        _ operation: DynamicSet.Operation, _ set: String, _ family: AddressFamily, _ own: Expression, _ all: Expression,
        _ excess: Verdict
    ) -> (own: Rule, shared: Rule) {
        let key = Match.family(family) + Match.sourceKey(family)
        // A look-up that finds the source would count the connection again, hence the inverted one. Its counter tells that the
        // set was full.
        return (
            Rule(key + [.dynamicSet(DynamicSet(operation, set: set, expressions: [own]))] + excess.counted),
            Rule(key + [.lookup(Lookup(.named(set), isInverted: true)), .counter, all, .verdict(excess)])
        )
    }
}

extension Verdict {
    /// The verdict after a counter, unless it leads to a chain that counts.
    var counted: [Expression] { self == .drop ? [.counter, .verdict(self)] : [.verdict(self)] }
}

/// The set of a bound, as a rule for the sources that it lacks shows it.
public struct OverflowingBound {
    /// The name of the set.
    public let set: String
    /// Whether it bounds connections at once, not their rate.
    public let isCount: Bool
    /// The allowance that the sources without an element share, in nft's notation.
    public let allowance: String

    /// The bound of which `rule` drops what exceeds the allowance of the sources that the set lacks; `nil` for other rules.
    public init?(_ rule: Rule) {
        for (expression, next) in zip(rule.expressions, rule.expressions.dropFirst(2)) {
            guard case .lookup(let lookup) = expression, lookup.isInverted, case .named(let set) = lookup.set else {
                continue
            }
            switch next {
            case .limit(let limit) where set.hasPrefix(Names.limiters):
                self.init(set: set, isCount: false, allowance: limit.rateText)
            case .connectionCount(let count) where set.hasPrefix(Names.counters):
                self.init(set: set, isCount: true, allowance: "\(count.count)")
            default: continue
            }
            return
        }
        return nil
    }

    private init(set: String, isCount: Bool, allowance: String) {
        self.set = set
        self.isCount = isCount
        self.allowance = allowance
    }
}

extension RateLimit {
    /// The timeout of a source in milliseconds: its allowance is complete again after that.
    fileprivate var memory: UInt64 {
        let refill = (UInt64(burst) * unit * 1000).dividedRoundingUp(by: rate)
        return max(refill.dividedRoundingUp(by: 1000), 1) * 1000
    }
}

extension UInt64 {
    fileprivate func dividedRoundingUp(by divisor: UInt64) -> UInt64 { (self + divisor - 1) / divisor }
}

extension UInt32 {
    fileprivate func multipliedClamping(by factor: UInt32) -> UInt32 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
