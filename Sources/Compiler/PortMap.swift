internal import Addressing
internal import Rulesets

/// A map from ports to the chains of services.
enum PortMap {
    /// Single ports of all protocols.
    case all
    /// Ranges of ports of one protocol.
    case ranges(TransportProtocol)

    /// The map with this name; `nil` for other sets, also for maps of published ports, which have the same ports.
    ///
    /// With `isOutbound` it is a map of the lines of `outbound`.
    init?(name: String, isOutbound: Bool = false) {
        let maps = isOutbound ? [Names.outbound] : [Names.services, Names.forwards]
        let isOfRanges = { (transport: TransportProtocol) in
            (isOutbound
                ? [Names.outboundRanges(transport.name)]
                : [Names.ranges(transport.name), Names.forwardRanges(transport.name)]).contains(name)
        }
        if maps.contains(name) {
            self = .all
        } else if let transport = TransportProtocol.withPorts.first(where: isOfRanges) {
            self = .ranges(transport)
        } else {
            return nil
        }
    }

    /// The ports of an element; `nil` if the key has another form.
    func port(of element: SetElement) -> DecompiledService.Port? {
        switch self {
        case .all:
            guard element.key.count == 8 else { return nil }
            let transport = TransportProtocol(rawValue: element.key[0])
            guard transport.hasPorts else { return nil }
            let number = UInt16(bigEndianBytes: Array(element.key[4..<6]))
            return DecompiledService.Port(transport: transport, range: number...number)
        case .ranges(let transport):
            guard element.key.count == 2 else { return nil }
            let lower = UInt16(bigEndianBytes: element.key)
            let upper = UInt16(bigEndianBytes: element.upper ?? element.key)
            return DecompiledService.Port(transport: transport, range: lower...max(lower, upper))
        }
    }
}

extension DecompiledService.Port {
    var order: (UInt8, UInt16) { (transport.rawValue, range.lowerBound) }
}
