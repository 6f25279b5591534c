internal import Addressing
internal import Reachability
internal import Rulesets

/// A rule that masquerades what clients of a network send to targets in it, which they reach by an address of this host.
///
/// `ip saddr 10.0.0.0/24 ip daddr 10.0.0.9 tcp dport 8443 masquerade`: sources and destinations, and no other condition than the protocol,
/// the port, the interface by which it leaves, and that the connection was translated. `snat to` an address of this host is the same.
struct HairpinRule {
    /// The rule.
    let place: ForwardPlan.Place
    /// The networks of the clients.
    private(set) var network = AddressSet()
    /// The destinations, after the translation.
    private(set) var targets = AddressSet()
    /// The address that it gives the clients; `nil` for that of the interface by which packets leave.
    private(set) var address: IPAddress?
    private var transport: TransportProtocol?
    private var port: UInt16?

    /// A field of the packet that is loaded before a comparison.
    private enum Field { case source, destination, transport, port, spare }

    /// The rule with native expressions, on a host with these addresses; `nil` if it is another one.
    init?(_ reference: RuleReference, own: AddressSet = AddressSet()) {
        guard let rule = reference.rule else { return nil }
        if rule.translationEffect != .masquerade {
            guard let fixed = rule.sourceAddress, own.contains(fixed) else { return nil }
            address = fixed
        }
        place = ForwardPlan.Place(reference)
        var field: (kind: Field, width: Int)?
        var mask: [UInt8]?
        for expression in rule.expressions {
            switch expression {
            case .counter, .opaque("masq", _), .immediate, .translate: continue
            case .bitwise(let bitwise): mask = bitwise.mask
            case .compare(let comparison) where comparison.operator == .equal || field?.kind == .spare:
                guard let known = field, add(comparison.value, mask, known.kind, known.width) else { return nil }
                mask = nil
            case .lookup(let lookup) where lookup.destination == nil && !lookup.isInverted:
                guard let known = field, case .anonymous(let set) = lookup.set, case .list(let list) = set.elements,
                    known.kind == .destination
                else { return nil }
                for element in list where element.upper == nil || element.upper == element.key {
                    guard add(element.key, nil, known.kind, known.width) else { return nil }
                }
            default:
                guard let next = Self.field(expression) else { return nil }
                field = next
            }
        }
        guard !network.isEmpty, !targets.isEmpty else { return nil }
    }

    private static func field(_ expression: Expression) -> (kind: Field, width: Int)? {
        switch expression {
        case .meta(.transportProtocol, _): return (.transport, 1)
        case .meta(.networkProtocol, _), .meta(.outputInterface, _), .meta(.outputInterfaceName, _): return (.spare, 0)
        case .conntrack(let load) where load.key == .status: return (.spare, 0)
        case .payload(let payload) where payload.base == .network:
            switch (payload.offset, payload.length) {
            case (12, ...4): return (.source, 4)
            case (16, ...4): return (.destination, 4)
            case (8, 5...16): return (.source, 16)
            case (24, 5...16): return (.destination, 16)
            default: return nil
            }
        case .payload(let payload) where payload.base == .transport && payload.offset == 2: return (.port, 2)
        default: return nil
        }
    }

    /// Adds a condition; `false` for one that is not understood.
    private mutating func add(_ value: [UInt8], _ mask: [UInt8]?, _ field: Field, _ width: Int) -> Bool {
        switch field {
        case .spare: return true
        case .transport:
            transport = value.first.map { TransportProtocol(rawValue: $0) }
            return value.count == 1
        case .port:
            port = UInt16(bigEndianBytes: value)
            return value.count == 2 && mask == nil
        case .source, .destination:
            guard value.count <= width, mask.map({ $0.count == value.count }) ?? true else { return false }
            let bits = mask ?? Array(repeating: 0xff, count: value.count)
            let lower = value + Array(repeating: 0, count: width - value.count)
            let upper = zip(value, bits).map { $0 | ~$1 } + Array(repeating: 0xff, count: width - value.count)
            let range = UInt128(bigEndianBytes: lower)...UInt128(bigEndianBytes: upper)
            let part =
                width == 4
                ? AddressSet(ipv4: IntervalSet([UInt32(range.lowerBound)...UInt32(range.upperBound)]))
                : AddressSet(ipv6: IntervalSet([range]))
            if field == .source { network = network.union(part) } else { targets = targets.union(part) }
            return true
        }
    }

    /// Whether it is about one host that reaches itself, as Docker writes for each published port.
    var isOfOneHost: Bool { network == targets && network.isSingle }

    /// Whether it is about connections of a forward.
    func isAbout(_ entry: ForwardPlan.Entry) -> Bool {
        let isOfPort = port.map { entry.targets.ports(of: entry.ports).isSubset(of: [$0]) } ?? true
        return (transport.map { $0 == entry.transport } ?? true) && isOfPort
            && targets.isSuperset(of: entry.targets.addresses)
    }
}

extension Rule {
    /// The one address to which it translates the source, without a choice of ports; `nil` if it has another effect.
    fileprivate var sourceAddress: IPAddress? {
        var constants: [Register: [UInt8]] = [:]
        for expression in expressions {
            switch expression {
            case .immediate(let load): constants[load.destination] = load.value
            case .translate(let translation) where translation.kind == .source && translation.ports == nil:
                guard let pair = translation.addresses, pair.first == pair.last else { return nil }
                return constants[pair.first].flatMap(IPAddress.init(bigEndianBytes:))
            default: continue
            }
        }
        return nil
    }
}

extension AddressSet {
    /// Whether it has just one address.
    fileprivate var isSingle: Bool {
        let singles =
            ipv4.ranges.map { $0.lowerBound == $0.upperBound } + ipv6.ranges.map { $0.lowerBound == $0.upperBound }
        return singles == [true]
    }
}
