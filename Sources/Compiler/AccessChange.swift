public import Addressing

/// Sources that gain or lose access to a port.
public struct AccessChange: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports, both ends included.
    public var ports: ClosedRange<UInt16>
    /// The service that has the ports, after a gain or before a loss.
    public var service: String
    /// The sources, of one family.
    public var sources: AddressSet
    /// The family of the sources.
    public var family: AddressFamily
}

/// Who gains and who loses access between two states of the table.
public struct AccessDifference: Hashable, Sendable {
    /// What is open after and was not before.
    public private(set) var gained: [AccessChange] = []
    /// What was open before and is not after.
    public private(set) var lost: [AccessChange] = []

    /// The difference between what two tables let in.
    ///
    /// A service with interfaces, or one that another table shuts, is compared as its own chains have it.
    public init(from old: LoadedPolicy, to new: LoadedPolicy) {
        let (before, after) = (Self.openings(old), Self.openings(new))
        for transport in TransportProtocol.allCases {
            let edges = Self.edges(before + after, transport)
            for (lower, next) in zip(edges, edges.dropFirst()) {
                let range = UInt16(lower)...UInt16(next - 1)
                let was = before.first { $0.covers(range, transport) }
                let willBe = after.first { $0.covers(range, transport) }
                let isSameWay = was?.interfaces == willBe?.interfaces
                let wasOpen = was?.sources ?? AddressSet()
                let willBeOpen = willBe?.sources ?? AddressSet()
                Self.append(to: &gained, willBe, isSameWay ? willBeOpen.subtracting(wasOpen) : willBeOpen, range)
                Self.append(to: &lost, was, isSameWay ? wasOpen.subtracting(willBeOpen) : wasOpen, range)
            }
        }
    }

    private struct Opening {
        let port: LoadedService.Port
        let service: String
        let sources: AddressSet
        let interfaces: [String]

        func covers(_ range: ClosedRange<UInt16>, _ transport: TransportProtocol) -> Bool {
            port.transport == transport && port.range.lowerBound <= range.lowerBound
                && port.range.upperBound >= range.upperBound
        }
    }

    private static func openings(_ policy: LoadedPolicy) -> [Opening] {
        policy.services.flatMap { service in
            let sources = service.sources.subtracting(policy.denied)
            return service.ports.map {
                Opening(port: $0, service: service.name, sources: sources, interfaces: service.interfaces)
            }
        }
    }

    /// Where openings of the protocol start and end, so that between two neighbours all ports are alike.
    private static func edges(_ openings: [Opening], _ transport: TransportProtocol) -> [Int] {
        let own = openings.filter { $0.port.transport == transport }
        return Set(own.flatMap { [Int($0.port.range.lowerBound), Int($0.port.range.upperBound) + 1] }).sorted()
    }

    private static func append(
        to changes: inout [AccessChange], _ opening: Opening?, _ sources: AddressSet, _ range: ClosedRange<UInt16>
    ) {
        guard let opening else { return }
        for family in AddressFamily.allCases {
            let part = family == .ipv4 ? AddressSet(ipv4: sources.ipv4) : AddressSet(ipv6: sources.ipv6)
            guard !part.isEmpty else { continue }
            changes.append(
                AccessChange(
                    transport: opening.port.transport, ports: range, service: opening.service, sources: part,
                    family: family))
        }
    }
}
