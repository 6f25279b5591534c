public import Addressing

extension AccessRegions {
    /// The interfaces on which a connection is certain to be refused.
    public enum Refusal: Hashable, Sendable {
        /// None.
        case nowhere
        /// Some.
        case somewhere
        /// All.
        case everywhere
    }

    /// Whether a connection from an address is certain to be refused.
    ///
    /// - Parameters:
    ///   - transport: the protocol.
    ///   - port: the dialled port.
    ///   - family: the family of the source.
    ///   - source: the address as a number, its first byte most significant.
    ///   - interface: the name of the input interface; `nil` for all but `lo`.
    ///   - address: the address of this host that was dialled.
    /// - Returns: the interfaces on which it is refused.
    public func refusal(
        _ transport: TransportProtocol, port: UInt16, family: AddressFamily, source: UInt128, interface: String?,
        at address: IPAddress
    ) -> Refusal {
        refusals(transport, port: port, family: family, interface: interface, at: address).refusal(of: source)
    }

    /// The refusals of connections that differ only in their source; the parameters are as for `refusal`.
    public func refusals(
        _ transport: TransportProtocol, port: UInt16, family: AddressFamily, interface: String?, at address: IPAddress
    ) -> PortRefusals {
        let known = keys.filter {
            $0.family == family && $0.transport == transport && $0.destination.contains(address)
        }
        let fitting = interface.map { known.fitting($0) } ?? known.filter { $0.interface != .loopback }
        let space = spaces[family]
        return PortRefusals(
            admitted: fitting.map { key in
                segments[key]?.segment(port).map { space.spans($0.open).union(space.spans($0.unknown)) }
            })
    }
}

/// The sources that are certain to be refused at one port.
public struct PortRefusals {
    /// The sources that are not certain to be refused, for each class of interfaces; `nil` if that is not known.
    fileprivate let admitted: [IntervalSet<UInt128>?]

    /// The interfaces on which a connection from this address, as a number, is certain to be refused.
    public func refusal(of source: UInt128) -> AccessRegions.Refusal {
        let count = admitted.count { $0?.contains(source) == false }
        return count == 0 ? .nowhere : count < admitted.count ? .somewhere : .everywhere
    }
}

extension AccessRegions {
    /// The first ports, by protocol, that a source can or perhaps can connect to; `nil` for none.
    ///
    /// - Parameters:
    ///   - family: the family of the sources.
    ///   - transports: the protocols.
    ///   - interfaces: the names of interfaces that do not count, beside `lo`.
    /// - Returns: the ports, and whether it is certain that a source can connect.
    public func firstOpen(
        _ family: AddressFamily, _ transports: [TransportProtocol], exceptOn interfaces: Set<String>
    ) -> (transport: TransportProtocol, ports: ClosedRange<UInt16>, isCertain: Bool)? {
        let none = spaces[family].none
        for transport in transports {
            let outer = keys.filter {
                $0.family == family && $0.transport == transport && present.contains($0.interface)
                    && !interfaces.contains($0.interface.pattern ?? "")
            }
            let found = outer.flatMap { segments[$0]?.all ?? [] }.filter { $0.open != none || $0.unknown != none }
            let certain = found.first { $0.open != none && $0.ports.upperBound > 0 }
            guard let segment = certain ?? found.first else { continue }
            let ports = max(1, segment.ports.lowerBound)...max(1, segment.ports.upperBound)
            return (transport, ports, certain != nil)
        }
        return nil
    }
}

extension PacketPath {
    /// Whether packets of the family pass it.
    func isPassed(by family: AddressFamily) -> Bool {
        if case .routed(let address) = self { address.family == family } else { true }
    }
}

extension [AccessRegions.Key] {
    /// The keys of the class of an interface: that of its name, of the longest matching prefix, or of all others.
    fileprivate func fitting(_ name: String) -> Self {
        let best = map(\.interface).fitting(name)
        return filter { $0.interface == best }
    }
}
