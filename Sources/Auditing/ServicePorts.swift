internal import Addressing
internal import Policies

/// The services of a policy by port, found by binary search.
struct ServicePorts {
    fileprivate struct Span {
        let ports: ClosedRange<UInt16>
        let service: Int
    }

    private let services: [Service]
    /// Ascending and disjoint: a port belongs to one service.
    private var spans: [TransportProtocol: [Span]] = [:]

    init(_ policy: Policy) {
        services = policy.services
        for (index, service) in services.enumerated() {
            for port in service.ports {
                spans[port.transport, default: []].append(Span(ports: port.range, service: index))
            }
        }
        for transport in spans.keys { spans[transport]?.sort { $0.ports.lowerBound < $1.ports.lowerBound } }
    }

    /// The service that declares the port.
    func owner(_ transport: TransportProtocol, _ port: UInt16) -> Service? {
        guard let all = spans[transport] else { return nil }
        let index = all.firstIndex(endingAtOrAbove: port)
        return index < all.count && all[index].ports.contains(port) ? services[all[index].service] : nil
    }

    /// The services that declare any of these ports, each with its part of them.
    func owners(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>
    ) -> [(service: Service, ports: ClosedRange<UInt16>)] {
        let all = spans[transport] ?? []
        let first = all.firstIndex(endingAtOrAbove: ports.lowerBound)
        return all[first...].prefix { $0.ports.lowerBound <= ports.upperBound }.map {
            (services[$0.service], $0.ports.clamped(to: ports))
        }
    }
}

extension [ServicePorts.Span] {
    fileprivate func firstIndex(endingAtOrAbove port: UInt16) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].ports.upperBound < port { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
