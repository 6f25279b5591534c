internal import Addressing

/// The segments of a class of packets: those of the class that stands for all with the same interfaces, and its own at some ports.
///
/// A host may have thousands of addresses that rules tell from others at one port each.
struct SegmentList {
    typealias Segment = AccessRegions.Segment

    /// The segments that the classes have in common.
    let common: [Segment]
    /// The ports with segments of its own.
    let ports: IntervalSet<UInt16>
    /// The segments of all ports; those of `ports` hold.
    private let own: [Segment]

    /// The same segments as those of the class that stands for all.
    init(_ common: [Segment]) { (self.common, ports, own) = (common, IntervalSet(), []) }

    /// Segments that are `own` at these ports, and `common` elsewhere.
    init(_ common: [Segment], _ own: [Segment], at ports: IntervalSet<UInt16>) {
        (self.common, self.ports, self.own) = (common, ports, own)
    }

    /// All segments, ascending and adjacent; together they have all ports.
    var all: [Segment] { ports.isEmpty ? common : own.spliced(into: common, at: ports) }

    /// The parts of segments with these ports, ascending; adjacent ones may have the same access.
    func segments(_ range: ClosedRange<UInt16>) -> [Segment] {
        let inside = ports.intersection(IntervalSet(range))
        guard !inside.isEmpty else { return AccessRegions.parts(common, range) }
        let outside = IntervalSet(range).subtracting(inside)
        let parts = inside.ranges.map { ($0, own) } + outside.ranges.map { ($0, common) }
        return parts.sorted { $0.0.lowerBound < $1.0.lowerBound }.flatMap { AccessRegions.parts($1, $0) }
    }

    /// The segment with a port.
    func segment(_ port: UInt16) -> Segment? { segments(port...port).first }
}

extension AccessRegions {
    /// The parts of the ascending segments with any of these ports.
    fileprivate static func parts(_ all: [Segment], _ ports: ClosedRange<UInt16>) -> [Segment] {
        segments(all, ports).map { segment in
            var part = segment
            part.ports = segment.ports.clamped(to: ports)
            return part
        }
    }
}
