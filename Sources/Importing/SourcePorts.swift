internal import Addressing
internal import Rulesets

/// The ranges of source ports that rules tell apart.
///
/// A policy cannot name source ports. It is written for the ports that kernels give to clients; packets from other ports are compared
/// separately.
struct SourcePorts {
    /// A port of the range that most clients have; `nil` if no rule depends on source ports, or one does so in a way that is not
    /// understood.
    private(set) var ordinary: UInt16?
    /// The other ranges.
    private(set) var others: [ClosedRange<UInt16>] = []

    /// The ports from which Linux takes those of clients, by default: `ip_local_port_range` of ip(7).
    private static let ofClients: ClosedRange<UInt16> = 32768...60999
    /// More ranges than these are not told apart.
    private static let most = 12

    /// The ranges that the rules of these tables tell apart.
    init(_ tables: [Table]) {
        var starts: Set<UInt32> = []
        for table in tables.map(\.withNativeExtensions) {
            for rule in table.chains.flatMap(\.rules) {
                guard let found = rule.sourcePortStarts(table) else { return }
                starts.formUnion(found)
            }
        }
        let inner = starts.filter { $0 > 1 && $0 <= UInt16.max }.sorted()
        guard !inner.isEmpty, inner.count < Self.most else { return }
        let ranges = zip([1] + inner, inner + [UInt32(UInt16.max) + 1]).map { UInt16($0)...UInt16($1 - 1) }
        let ordinary = ranges.max { $0.clamped(to: Self.ofClients).count < $1.clamped(to: Self.ofClients).count }
        self.ordinary = ordinary?.clamped(to: Self.ofClients).lowerBound
        others = ranges.filter { $0 != ordinary }
    }
}

extension Rule {
    /// The first ports of the ranges that it tells apart, up to 65536; `nil` if it uses the source port in another way.
    fileprivate func sourcePortStarts(_ table: Table) -> Set<UInt32>? {
        guard !isAboutMessages else { return [] }
        var starts: Set<UInt32> = []
        var loaded: Payload?
        for expression in expressions {
            switch expression {
            case .payload(let payload) where payload.base == .transport && payload.offset < 2:
                guard payload.offset == 0, payload.length == 2 || payload.length == 4 else { return nil }
                loaded = payload
            case .compare(let comparison) where comparison.source == loaded?.destination:
                starts.formUnion(comparison.value.portStarts)
            case .range(let range) where range.source == loaded?.destination:
                // With the destination port in the same range, the first port of either end is in both parts.
                starts.formUnion(
                    loaded?.length == 2
                        ? [range.lower.port, range.upper.port + 1]
                        : range.lower.portStarts.union(range.upper.portStarts))
            case .lookup(let lookup) where loaded != nil:
                guard lookup.source == loaded?.destination, let found = lookup.portStarts(table) else { return nil }
                starts.formUnion(found)
            case .bitwise, .byteOrder: if loaded != nil { return nil }
            case .meta(_, let destination) where destination == loaded?.destination: loaded = nil
            case .payload(let payload) where payload.destination == loaded?.destination: loaded = nil
            default: continue
            }
        }
        return starts
    }

    /// Whether it is about ICMP or ICMPv6, whose messages have their type where other protocols have the source port.
    private var isAboutMessages: Bool {
        expressions.contains { expression in
            guard case .compare(let comparison) = expression, comparison.value.count == 1 else { return false }
            return [TransportProtocol.icmp.rawValue, TransportProtocol.icmpv6.rawValue].contains(comparison.value[0])
        }
    }
}

extension Lookup {
    /// The first ports of the ranges that the keys tell apart, if the source port is the first field; `nil` if that is not known.
    fileprivate func portStarts(_ table: Table) -> Set<UInt32>? {
        let elements: SetElements? =
            switch set {
            case .anonymous(let set): set.elements
            case .named(let name): table.set(name)?.elements
            }
        guard case .list(let list)? = elements else { return nil }
        return list.reduce(into: []) { $0.formUnion($1.key.portStarts.union(($1.upper ?? $1.key).portStarts)) }
    }
}

extension [UInt8] {
    /// The port in the first two bytes.
    fileprivate var port: UInt32 { prefix(2).reduce(0) { $0 << 8 | UInt32($1) } }

    /// The port in the first two bytes and the next one.
    fileprivate var portStarts: Set<UInt32> { [port, port + 1] }
}
