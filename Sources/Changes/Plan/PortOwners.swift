internal import Addressing
internal import Compiler
internal import Reachability

/// The services that declare the ports of each protocol.
struct PortOwners {
    private struct Span {
        let range: ClosedRange<UInt16>
        let service: String
        let isForward: Bool
        /// The addresses of the host at which the service is reached; `nil` for all.
        let addresses: AddressSet?
    }

    /// The spans of a protocol by their first ports, and by the addresses at which they are reached.
    private struct Spans {
        let all: [Span]
        /// The positions in `all` of the spans without addresses, ascending.
        private let everywhere: [Int]
        /// The ranges of addresses of all spans, by family, each with the position of its span.
        private var ranges: [AddressFamily: (index: RangeIndex, positions: [Int])] = [:]

        init(_ spans: [Span]) {
            all = spans.sorted { $0.range.lowerBound < $1.range.lowerBound }
            everywhere = all.indices.filter { [all] in all[$0].addresses == nil }
            for family in AddressFamily.allCases {
                var (list, positions): ([ClosedRange<UInt128>], [Int]) = ([], [])
                for (position, span) in all.enumerated() {
                    for range in span.addresses?.ranges(of: family) ?? [] {
                        list.append(range)
                        positions.append(position)
                    }
                }
                ranges[family] = (RangeIndex(list), positions)
            }
        }

        /// The spans that end at or above the first port of a change, of services that are reached at one of its
        /// destinations, ascending.
        func meant(by change: AccessChange) -> [Span] {
            let least = change.ports.lowerBound
            guard !change.destinations.isEmpty, let (index, positions) = ranges[change.family] else {
                return Array(all[first(endingAtOrAbove: least)...])
            }
            var found = Set(everywhere)
            for range in change.destinations.flatMap({ $0.addresses?.ranges(of: change.family) ?? [] }) {
                for entry in index.positions(overlapping: range) { found.insert(positions[entry]) }
            }
            return found.sorted().map { all[$0] }.filter { $0.range.upperBound >= least }
        }

        private func first(endingAtOrAbove port: UInt16) -> Int {
            all.partitioningIndex { $0.range.upperBound >= port }
        }
    }

    private let spans: [TransportProtocol: Spans]

    /// The services of a policy.
    init(_ policy: DecompiledPolicy) {
        var spans: [TransportProtocol: [Span]] = [:]
        for service in policy.services {
            for port in service.ports {
                spans[port.transport, default: []].append(
                    Span(
                        range: port.range, service: service.name, isForward: service.forwarding != nil,
                        addresses: port.addresses))
            }
        }
        self.init(spans)
    }

    private init(_ spans: [TransportProtocol: [Span]]) { self.spans = spans.mapValues(Spans.init) }

    /// The ports of all services.
    var ports: [TransportProtocol: IntervalSet<UInt16>] { spans.mapValues { IntervalSet($0.all.map(\.range)) } }

    /// These services, and those of `other` on ports that none of these declares.
    func either(_ other: Self) -> Self {
        var union = spans.mapValues(\.all)
        let own = ports
        for (transport, added) in other.spans {
            let declared = own[transport] ?? IntervalSet()
            for span in added.all {
                let rest = IntervalSet([span.range]).subtracting(declared).ranges
                union[transport, default: []] += rest.map {
                    Span(
                        range: $0, service: span.service, isForward: span.isForward, addresses: span.addresses)
                }
            }
        }
        return Self(union)
    }

    /// The change, split at the borders between services; port 0 is left out, which no socket can have.
    func rows(_ change: AccessChange) -> [AccessReport.Row] {
        var rows: [AccessReport.Row] = []
        var next = max(1, Int(change.ports.lowerBound))
        let last = Int(change.ports.upperBound)
        func cut(through end: Int, _ span: Span?) {
            guard next <= end else { return }
            var row = AccessReport.Row(change: change, ports: UInt16(next)...UInt16(end), service: span?.service)
            row.isForward = span?.isForward == true
            rows.append(row)
            next = end + 1
        }
        for span in spans[change.transport]?.meant(by: change) ?? [] {
            guard span.range.lowerBound <= change.ports.upperBound else { break }
            guard Int(span.range.upperBound) >= next else { continue }
            cut(through: Int(span.range.lowerBound) - 1, nil)
            cut(through: min(last, Int(span.range.upperBound)), span)
        }
        cut(through: last, nil)
        return rows
    }
}
