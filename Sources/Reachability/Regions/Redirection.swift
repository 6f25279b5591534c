public import Addressing
internal import Rulesets

/// Ports of this host whose connections a rule redirects, such as the published ports of a container.
public struct Redirection: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The dialled ports, both ends included.
    public var ports: ClosedRange<UInt16>
    /// The family of the connections.
    public var family: AddressFamily
    /// The rule.
    public var rule: RuleReference
    /// Whether the redirection is uncertain, because it depends on the destination address, for example.
    public var isConditional: Bool
    /// The address to which the rule sends them; `nil` for this host's, and if it is not known.
    public var target: IPAddress?
}

/// Whether other hosts can connect.
public struct PortExposure: Hashable, Sendable {
    /// Whether a source is certain to connect.
    public var isOpen: Bool
    /// Whether the access of a source is unknown.
    public var isUnknown: Bool
}

extension AccessRegions {
    /// Whether sources can connect to any of these ports, on any interface but `lo`, at any of these addresses; at any
    /// address of this host if there are none.
    public func exposure(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ family: AddressFamily,
        at addresses: [IPAddress] = []
    ) -> PortExposure {
        let none = spaces[family].none
        var exposure = PortExposure(isOpen: false, isUnknown: false)
        for segment in segments(transport, ports, family, addresses) {
            if segment.open != none, hasRemoteSource(segment.open, family) { exposure.isOpen = true }
            if segment.unknown != none, hasRemoteSource(segment.unknown, family) { exposure.isUnknown = true }
        }
        return exposure
    }

    /// Whether a source is not a loopback address; the kernel drops packets of other hosts with these as martians.
    func hasRemoteSource(_ sources: SourceSpace.ID, _ family: AddressFamily) -> Bool {
        !AddressSet.loopback.isSuperset(of: spaces.addresses(sources, family))
    }

    /// A source that can or may connect to one of these ports at one of these addresses; `nil` if there is none.
    public func witness(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ family: AddressFamily,
        at addresses: [IPAddress] = []
    ) -> (source: AddressRange, isCertain: Bool)? {
        let none = spaces[family].none
        let found = segments(transport, ports, family, addresses)
        if let open = found.first(where: { $0.open != none }) {
            return spaces.addresses(open.open, family).witness.map { ($0, true) }
        }
        guard let doubted = found.first(where: { $0.unknown != none }) else { return nil }
        return spaces.addresses(doubted.unknown, family).witness.map { ($0, false) }
    }

    /// The sources that can connect to any of these ports, on any interface but `lo`, at any of these addresses, and those
    /// that perhaps can.
    public func sources(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ family: AddressFamily,
        at addresses: [IPAddress] = []
    ) -> (open: AddressSet, unknown: AddressSet) {
        let space = spaces[family]
        let found = segments(transport, ports, family, addresses)
        let open = space.union(of: Set(found.map(\.open)))
        let unknown = space.difference(space.union(of: Set(found.map(\.unknown))), open)
        return (
            spaces.addresses(space.canonical(open), family), spaces.addresses(space.canonical(unknown), family)
        )
    }

    /// The segments with any of these ports, on all interfaces but `lo`.
    private func segments(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ family: AddressFamily, _ addresses: [IPAddress]
    ) -> [Segment] {
        outerSegments(transport, family, at: addresses).flatMap { $0.segments.segments(ports) }
    }

    /// Those of the ascending segments with any of these ports.
    static func segments(_ all: [Segment], _ ports: ClosedRange<UInt16>) -> ArraySlice<Segment> {
        all[first(in: all, endingAtOrAbove: ports.lowerBound)...].prefix { $0.ports.lowerBound <= ports.upperBound }
    }

    /// The index of the first of the ascending segments that ends at or above `port`.
    private static func first(in segments: [Segment], endingAtOrAbove port: UInt16) -> Int {
        segments.partitioningIndex { $0.ports.upperBound >= port }
    }
}

/// Collects the redirections of all interfaces.
struct RedirectionCollector {
    private struct Subject: Hashable {
        let transport: TransportProtocol
        let family: AddressFamily
        let place: Int
        let isConditional: Bool
        let target: IPAddress?
    }

    private let rules: RuleNumbers
    private var ports: [Subject: IntervalSet<UInt16>] = [:]
    private var unread: Set<Int> = []

    init(_ rules: RuleNumbers) { self.rules = rules }

    mutating func add(_ outcome: RegionEvaluation.Outcome, _ key: AccessRegions.Key) {
        unread.formUnion(outcome.unread)
        guard key.interface != .loopback else { return }
        for (piece, place, state) in outcome.redirected where rules.all[place].rule?.isForLoopback != true {
            let subject = Subject(
                transport: key.transport, family: key.family, place: place, isConditional: !piece.doubts.isEmpty,
                target: state.target)
            ports[subject] = ports[subject, default: IntervalSet()].union(piece.ports)
        }
    }

    /// The rules that are not modelled.
    var unreadRules: [RuleReference] { unread.sorted().map { rules.all[$0] } }

    /// The redirections, sorted by protocol, port and family.
    var redirections: [Redirection] {
        let all = ports.flatMap { subject, spans in
            spans.ranges.map { range in
                (
                    subject.place,
                    Redirection(
                        transport: subject.transport, ports: range, family: subject.family,
                        rule: rules.all[subject.place], isConditional: subject.isConditional, target: subject.target)
                )
            }
        }
        return all.sorted { $0.1.order(place: $0.0).lexicographicallyPrecedes($1.1.order(place: $1.0)) }.map(\.1)
    }
}

extension Redirection {
    fileprivate func order(place: Int) -> [Int] {
        let target = target?.value ?? 0
        return [Int(transport.rawValue), Int(ports.lowerBound), Int(ports.upperBound), family == .ipv4 ? 4 : 6, place]
            + [target >> 64, target].map { Int(truncatingIfNeeded: $0) }
    }
}

extension Rule {
    /// Whether it matches only loopback destinations, which packets of other hosts never have (RFC 1122 3.2.1.3).
    fileprivate var isForLoopback: Bool {
        zip(expressions, expressions.dropFirst()).contains { load, comparison in
            guard case .payload(let payload) = load, payload.base == .network,
                case .compare(let constant) = comparison, constant.operator == .equal
            else { return false }
            // The offsets of the destination: RFC 791 3.1, RFC 8200 3.
            return switch payload.offset {
            case 16: constant.value.first == 127
            case 24: payload.length == 16 && constant.value == Array(repeating: 0, count: 15) + [1]
            default: false
            }
        }
    }
}
