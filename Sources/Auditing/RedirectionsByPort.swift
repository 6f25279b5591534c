internal import Addressing
internal import Reachability

/// Redirections by port, found by binary search.
struct RedirectionsByPort {
    /// Ascending by the first port, in the given order where it is the same.
    private var sorted: [TransportProtocol: [Redirection]] = [:]
    /// For each redirection the highest port of it and of those before it.
    private var reaches: [TransportProtocol: [UInt16]] = [:]

    init(_ redirections: [Redirection]) {
        let groups = Dictionary(grouping: redirections.enumerated(), by: \.element.transport)
        sorted = groups.mapValues { group in
            group.sorted {
                ($0.element.ports.lowerBound, $0.offset) < ($1.element.ports.lowerBound, $1.offset)
            }.map(\.element)
        }
        reaches = sorted.mapValues { group in
            group.reduce(into: []) { $0.append(max($0.last ?? 0, $1.ports.upperBound)) }
        }
    }

    /// The redirections of any of these ports, by port.
    func on(_ transport: TransportProtocol, _ ports: ClosedRange<UInt16>) -> [Redirection] {
        let all = sorted[transport] ?? []
        let first = (reaches[transport] ?? []).firstIndex(atOrAbove: ports.lowerBound)
        return all[first...].prefix { $0.ports.lowerBound <= ports.upperBound }.filter { $0.ports.overlaps(ports) }
    }
}
