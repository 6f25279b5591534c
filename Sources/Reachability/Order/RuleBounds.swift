internal import Addressing
internal import Rulesets

/// Bounds of the packets that a rule may match: no packet outside of them matches, and packets inside may or may not.
///
/// The matches of a rule before anything that it does bound it. What is not recognized bounds nothing.
struct RuleBounds {
    /// The family of the packets; `nil` for both.
    private(set) var family: AddressFamily?
    /// The number of the protocol; `nil` for all.
    private(set) var transport: UInt8?
    /// The source addresses, as numbers; `nil` for all.
    private(set) var sources: ClosedRange<UInt128>?
    /// The destination addresses in the header, as numbers; `nil` for all.
    private(set) var destinations: ClosedRange<UInt128>?
    /// The destination ports in the header; `nil` for all.
    private(set) var ports: ClosedRange<UInt128>?
    /// Whether the matches contradict each other.
    private(set) var isNever = false
    /// The number of expressions that match, all packets inside of the bounds and no others, if those behind them only count,
    /// log and decide; `nil` if they do more.
    private(set) var exactMatches: Int?
    /// Whether a match on the ports comes before one on the sources.
    private(set) var isPortFirst = false
    /// Whether the rule reads, or may read, the destination or the port in the header, or changes the packet.
    let readsTarget: Bool

    /// The bounds of a rule in a table of a family.
    init(_ rule: Rule, in table: TableFamily) {
        family = AddressFamily(table)
        readsTarget = !rule.expressions.allSatisfy(\.leavesTarget)
        bound(by: rule)
        exactMatches = countExactMatches(rule, in: table)
    }

    private mutating func bound(by rule: Rule) {
        var (field, register) = (nil as PacketField?, Register.verdict)
        for expression in rule.expressions {
            switch expression {
            case .meta(let key, into: let destination): (field, register) = (PacketField(key), destination)
            case .payload(let payload): (field, register) = (PacketField(payload, family), payload.destination)
            // What these load is not compared here; they may overwrite the register.
            case .conntrack, .route, .immediate, .byteOrder: field = nil
            case .bitwise(let operation):
                let isMask = operation.source == register && operation.destination == register && !operation.flips
                field = isMask ? field?.masked(by: operation.mask) : nil
            case .compare(let comparison) where comparison.source == register:
                if let field { narrow(field, comparison) }
            case .range(let range) where range.source == register && !range.isInverted:
                narrow(field, range.lower, range.upper)
            case .lookup(let lookup) where lookup.destination == nil:
                guard lookup.source == register, let (lower, upper) = lookup.ends else { continue }
                narrow(field, lower, upper)
            // They end the rule or do not, and write no register.
            case .compare, .range, .counter, .limit, .connectionCount: break
            default: return
            }
        }
    }

    /// Whether packets of a family and protocol may match.
    func allow(_ family: AddressFamily, _ transport: TransportProtocol) -> Bool {
        !isNever && (self.family ?? family) == family && (self.transport ?? transport.rawValue) == transport.rawValue
    }

    private mutating func narrow(_ field: PacketField, _ comparison: Comparison) {
        let (lower, upper) = (field.number(comparison.value), field.number(comparison.value, isUpper: true))
        switch comparison.operator {
        case .equal: narrow(field, lower, upper)
        case _ where !field.mask.isEmpty: break
        case .less, .lessOrEqual: narrow(field, 0, upper)
        case .greater, .greaterOrEqual: narrow(field, lower, .max)
        case .notEqual: break
        }
    }

    private mutating func narrow(_ field: PacketField?, _ lower: [UInt8], _ upper: [UInt8]) {
        guard let field, field.mask.isEmpty else { return }
        narrow(field, field.number(lower), field.number(upper, isUpper: true))
    }

    private mutating func narrow(_ field: PacketField, _ lower: UInt128, _ upper: UInt128) {
        guard lower <= upper else { return isNever = true }
        let range = lower...upper
        switch field.kind {
        case .family where lower == upper:
            guard let found = AddressFamily(TableFamily(rawValue: UInt8(truncatingIfNeeded: lower))) else { return }
            if let family, family != found { isNever = true }
            family = found
        case .transport where lower == upper:
            let found = UInt8(truncatingIfNeeded: lower)
            if let transport, transport != found { isNever = true }
            transport = found
        case .family, .transport: break
        case .source: sources = both(sources, range)
        case .destination: destinations = both(destinations, range)
        case .port:
            if sources == nil { isPortFirst = true }
            ports = both(ports, range)
        }
    }

    private mutating func both(_ known: ClosedRange<UInt128>?, _ range: ClosedRange<UInt128>) -> ClosedRange<UInt128> {
        guard let known else { return range }
        guard known.overlaps(range) else {
            isNever = true
            return range
        }
        return known.clamped(to: range)
    }
}

extension Expression {
    /// Whether it certainly does not read where a packet goes, and does not change the packet.
    fileprivate var leavesTarget: Bool {
        switch self {
        case .compare, .range, .bitwise, .byteOrder, .lookup, .immediate, .counter, .limit, .connectionCount, .log,
            .verdict, .reject:
            true
        case .meta(let key, _):
            [.inputInterfaceName, .inputInterface, .networkProtocol, .transportProtocol, .time].contains(key)
        case .conntrack(let load): [.state, .status, .direction].contains(load.key)
        // The destination begins at byte 16 or 24, the port at byte 2.
        case .payload(let payload): payload.base == .network && payload.end <= 16
        default: false
        }
    }
}

extension BitwiseMask {
    fileprivate var flips: Bool { xor.contains { $0 != 0 } }
}

extension Lookup {
    /// The least and the greatest key of an anonymous set that the register must be in; `nil` for any other look-up.
    fileprivate var ends: (lower: [UInt8], upper: [UInt8])? {
        guard !isInverted, case .anonymous(let set) = set, case .list(let elements) = set.elements,
            let first = elements.first, elements.allSatisfy({ $0.flags == 0 && $0.unrecognized.isEmpty })
        else { return nil }
        return elements.reduce((first.key, first.upper ?? first.key)) { ends, element in
            let upper = element.upper ?? element.key
            return (
                element.key.lexicographicallyPrecedes(ends.0) ? element.key : ends.0,
                ends.1.lexicographicallyPrecedes(upper) ? upper : ends.1
            )
        }
    }
}
