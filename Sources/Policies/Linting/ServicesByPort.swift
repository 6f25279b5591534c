internal import Addressing

/// Finds services by their ports: a policy can have thousands of services, and as many tests of them.
struct ServicesByPort {
    /// A port of a service, and the position of the service among all.
    private struct Owner {
        let index: Int
        let service: Service
        let port: ServicePort
    }

    /// Ports with the same upper byte.
    private struct Page: Hashable {
        let transport: TransportProtocol
        let number: UInt16
    }

    private var pages: [Page: [Owner]] = [:]

    /// The ports of these services.
    init(_ services: [Service]) {
        for (index, service) in services.enumerated() {
            for port in service.ports {
                for page in Self.pages(of: port) {
                    pages[page, default: []].append(Owner(index: index, service: service, port: port))
                }
            }
        }
    }

    /// The services that have ports of `port` at the address, each with these ports, in ascending order; without an
    /// address, the services of each address.
    func owners(
        of port: ServicePort, at address: IPAddress?
    ) -> [(service: Service, range: ClosedRange<UInt16>)] {
        let owners = Self.pages(of: port).flatMap { page in
            // A range of several pages counts on the first of them that both have.
            (pages[page] ?? []).filter { owner in
                owner.port.range.overlaps(port.range)
                    && max(owner.port.range.lowerBound, port.range.lowerBound) >> 8 == page.number
                    && address.map(owner.service.isReached) ?? true
            }
        }
        return owners.sorted { first, second in
            (first.port.range.clamped(to: port.range).lowerBound, first.index)
                < (second.port.range.clamped(to: port.range).lowerBound, second.index)
        }.map { ($0.service, $0.port.range.clamped(to: port.range)) }
    }

    private static func pages(of port: ServicePort) -> [Page] {
        (port.range.lowerBound >> 8...port.range.upperBound >> 8).map { Page(transport: port.transport, number: $0) }
    }
}
