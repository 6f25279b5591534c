internal import Addressing
internal import Policies
internal import Rulesets

/// The maps and rules that lead a packet of this host to the lines of `outbound` that have its destination port.
///
/// Single ports are in one hash map, and ranges in an interval map for each protocol. Lines may overlap: verdicts jump, so that a
/// packet that one line does not let out goes on to the next.
struct OutboundDispatch {
    /// A chain that several lines with one port share.
    struct Shared {
        let chain: Chain
        /// The place of the first of the lines.
        let location: SourceLocation
    }

    /// A port or a range, and the chain that it leads to.
    private typealias Target = (port: ServicePort, chain: String)

    private var singles: [Target] = []
    private var spans: [Target] = []
    private var whole: [Target] = []
    /// The chains of ports that several lines have.
    private(set) var shared: [Shared] = []
    private var addressMaps: [NamedSet] = []

    init(_ lines: [OutboundLine]) {
        for transport in Set(lines.flatMap(\.ports).map(\.transport)).sorted(by: { $0.rawValue < $1.rawValue }) {
            let claims = lines.flatMap { line in
                line.ports.filter { $0.transport == transport }.map { (port: $0, owner: line) }
            }
            guard transport.hasPorts else {
                whole.append(target(claims[0].port, claims.map(\.owner)))
                continue
            }
            // Where two ranges meet in one port, its lines are found with those of the port alone: one port has one chain.
            let segments = ServicePort.segments(claims.filter { $0.port.range.count > 1 })
            let meetings = segments.filter { $0.port.range.count == 1 }.flatMap { port, lines in
                lines.map { (port: port, owner: $0) }
            }
            let single = Dictionary(
                grouping: claims.filter { $0.port.range.count == 1 } + meetings, by: \.port.range.lowerBound)
            for (_, claims) in single.sorted(by: { $0.key < $1.key }) {
                singles.append(target(claims[0].port, claims.map(\.owner)))
            }
            for (port, lines) in segments where port.range.count > 1 {
                spans.append(target(port, lines))
            }
        }
    }

    /// The chain of the only line, or a chain that tries one line after the other.
    private mutating func target(_ port: ServicePort, _ owners: [OutboundLine]) -> Target {
        var names: Set<String> = []
        let lines = owners.sorted { $0.name < $1.name }.filter { names.insert($0.name).inserted }
        guard lines.count > 1 else { return (port, Names.line(lines[0].name)) }
        let name = Names.sharedPort(port)
        let split = lines.count > Self.fewLines ? LinesByAddress(lines) : nil
        addressMaps += split?.maps(name) ?? []
        let rules =
            (split?.rules(name) ?? []) + (split?.rest ?? lines).map { Rule([.verdict(.jump(Names.line($0.name)))]) }
        shared.append(Shared(chain: Chain(name: name, rules: rules), location: lines[0].location))
        return (port, name)
    }

    /// Up to this number lines with one port are tried one after the other; more are found by the destination.
    private static let fewLines = 8

    /// The maps.
    var maps: [NamedSet] {
        let hash = NamedSet(
            name: Names.outbound, definition: .protocolsAndPorts,
            elements: .list(
                singles.map { target in
                    SetElement(
                        key: Dispatch.key(target.port.transport, target.port.range.lowerBound),
                        value: .verdict(.jump(target.chain)))
                }.sortedByKey()))
        return (singles.isEmpty ? [] : [hash]) + rangeMaps + addressMaps
    }

    private var rangeMaps: [NamedSet] {
        Self.transports(spans).map { transport in
            let elements = spans.filter { $0.port.transport == transport }.map { target in
                SetElement(
                    key: target.port.range.lowerBound.bigEndianBytes,
                    upper: target.port.range.upperBound.bigEndianBytes, value: .verdict(.jump(target.chain)))
            }
            return NamedSet(
                name: Names.outboundRanges(transport.name), definition: .ports(ranges: true),
                elements: .list(elements.sortedByKey()))
        }
    }

    /// The rules that look up the destination port; none if no line has one.
    var rules: [Rule] {
        let hash = singles.isEmpty ? [] : [Dispatch.lookup(Names.outbound)]
        return hash + Self.transports(spans).map { Dispatch.lookup(Names.outboundRanges($0.name), $0) }
    }

    /// The rule for protocols without ports; none if no line has one.
    var protocols: [Rule] {
        whole.isEmpty ? [] : [.protocols(whole.map { ([$0.port.transport.rawValue], .jump($0.chain)) })]
    }

    private static func transports(_ targets: [Target]) -> [TransportProtocol] {
        let present = Set(targets.map(\.port.transport))
        return TransportProtocol.withPorts.filter(present.contains)
    }
}

/// Lines with one port and no destination in common, which are found by the destination.
private struct LinesByAddress {
    private var apart: [OutboundLine] = []
    /// The lines that share destinations with others, or have all.
    private(set) var rest: [OutboundLine] = []

    init(_ lines: [OutboundLine]) {
        var shared = Set(
            lines.indices.filter { lines[$0].addresses.ipv4.isAll || lines[$0].addresses.ipv6.isAll })
        shared.formUnion(Self.overlapping(lines.map(\.addresses.ipv4.ranges), except: shared))
        shared.formUnion(Self.overlapping(lines.map(\.addresses.ipv6.ranges), except: shared))
        for (index, line) in lines.enumerated() {
            if shared.contains(index) { rest.append(line) } else { apart.append(line) }
        }
    }

    /// The lists with a range that overlaps a range of another list.
    private static func overlapping<Bound>(_ lists: [[ClosedRange<Bound>]], except: Set<Int>) -> Set<Int> {
        let ranges = lists.enumerated().filter { !except.contains($0.offset) }
            .flatMap { index, ranges in ranges.map { (range: $0, list: index) } }
            .sorted { ($0.range.lowerBound, $0.list) < ($1.range.lowerBound, $1.list) }
        var found: Set<Int> = []
        var last: (range: ClosedRange<Bound>, list: Int)?
        for next in ranges where !found.contains(next.list) {
            guard let before = last, before.range.overlaps(next.range), before.list != next.list else {
                last = next
                continue
            }
            // The narrower one is found by its address.
            let isWider = before.range.upperBound > next.range.upperBound
            found.insert(isWider ? before.list : next.list)
            if isWider { last = next }
        }
        return found
    }

    private var families: [AddressFamily] {
        (apart.contains { !$0.addresses.ipv4.isEmpty } ? [.ipv4] : [])
            + (apart.contains { !$0.addresses.ipv6.isEmpty } ? [.ipv6] : [])
    }

    /// The rules that look up the destination in the maps of a chain.
    func rules(_ chain: String) -> [Rule] {
        families.map { family in
            Rule(
                Match.destinationLoad(family)
                    + [.lookup(Lookup(.named("\(chain)-\(family)"), destination: .verdict))])
        }
    }

    /// The maps from destinations to lines.
    func maps(_ chain: String) -> [NamedSet] {
        families.map { family in
            let elements = apart.flatMap { line in
                family == .ipv4
                    ? line.addresses.ipv4.ranges.map { Self.element($0, line) }
                    : line.addresses.ipv6.ranges.map { Self.element($0, line) }
            }
            return NamedSet(
                name: "\(chain)-\(family)", definition: .destinations(family, ranges: true),
                elements: .list(elements.sortedByKey()))
        }
    }

    private static func element<Bound: FixedWidthInteger>(
        _ range: ClosedRange<Bound>, _ line: OutboundLine
    ) -> SetElement {
        SetElement(
            key: range.lowerBound.bigEndianBytes, upper: range.upperBound.bigEndianBytes,
            value: .verdict(.jump(Names.line(line.name))))
    }
}
