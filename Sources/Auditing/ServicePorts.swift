internal import Addressing
internal import Listeners
internal import Policies

/// The services of a policy by port, found by binary search.
struct ServicePorts {
    fileprivate struct Span {
        let ports: ClosedRange<UInt16>
        let service: Int
    }

    private let services: [Service]
    /// Ascending; ports overlap only between services with different `addresses`.
    private var spans: [TransportProtocol: [Span]] = [:]
    /// For each span the highest port of it and of those before it.
    private var reaches: [TransportProtocol: [UInt16]] = [:]

    /// No services.
    init() { services = [] }

    init(_ policy: Policy) {
        services = policy.services
        for (index, service) in services.enumerated() {
            for port in service.ports {
                spans[port.transport, default: []].append(Span(ports: port.range, service: index))
            }
        }
        for transport in spans.keys { spans[transport]?.sort { $0.ports.lowerBound < $1.ports.lowerBound } }
        reaches = spans.mapValues { spans in
            spans.reduce(into: []) { $0.append(max($0.last ?? 0, $1.ports.upperBound)) }
        }
    }

    /// The first service that declares the port, whatever its `addresses`.
    func owner(_ transport: TransportProtocol, _ port: UInt16) -> Service? {
        owners(transport, port...port).first?.service
    }

    /// The first service whose clients reach the listener.
    func owner(of listener: Listener) -> Service? {
        owners(listener.transport, listener.port...listener.port).first { $0.service.reaches(listener) }?.service
    }

    /// The services that declare any of these ports, each with its part of them.
    func owners(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>
    ) -> [(service: Service, ports: ClosedRange<UInt16>)] {
        let all = spans[transport] ?? []
        let first = (reaches[transport] ?? []).firstIndex(atOrAbove: ports.lowerBound)
        return all[first...].prefix { $0.ports.lowerBound <= ports.upperBound }
            .filter { $0.ports.upperBound >= ports.lowerBound }
            .map { (services[$0.service], $0.ports.clamped(to: ports)) }
    }
}

extension Service {
    /// Whether a client that dials the service can reach the socket by its address.
    func reaches(_ listener: Listener) -> Bool {
        guard let addresses = destinations?.addresses else { return true }
        if listener.address.isUnspecified {
            return listener.families.contains { $0 == .ipv4 ? !addresses.ipv4.isEmpty : !addresses.ipv6.isEmpty }
        }
        return addresses.contains(listener.address)
    }
}

extension [UInt16] {
    /// The index of the first of ascending ports that is at or above `port`.
    func firstIndex(atOrAbove port: UInt16) -> Int {
        partitioningIndex { $0 >= port }
    }
}
