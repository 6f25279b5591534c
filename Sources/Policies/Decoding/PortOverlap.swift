internal import Addressing

/// Finds ports that two services or forwards have at one address, or one of them twice.
enum PortOverlap {
    private struct Claim {
        let port: ServicePort
        let service: Service
        let place: SourceSpan
        let order: Int
        /// The addresses of the host at which the service is reached; `nil` for all.
        let destinations: AddressSet?

        /// The addresses at which the service is reached.
        var addresses: AddressSet { destinations ?? .any }
    }

    /// Reports each overlap at the later of its two places and names the earlier.
    static func report(_ services: [PlacedService], _ log: DiagnosticLog) {
        let transports = Set(services.flatMap(\.ports).map(\.port.transport))
        for transport in transports.sorted(by: { $0.rawValue < $1.rawValue }) {
            let claims = claims(of: transport, services).sorted {
                ($0.port.range.lowerBound, $0.order) < ($1.port.range.lowerBound, $1.order)
            }
            // The claims that reach up to the current port, and all their addresses.
            var active: [Claim] = []
            var taken = AddressSet()
            for claim in claims {
                if active.contains(where: { $0.port.range.upperBound < claim.port.range.lowerBound }) {
                    active.removeAll { $0.port.range.upperBound < claim.port.range.lowerBound }
                    taken = active.reduce(AddressSet()) { $0.union($1.addresses) }
                }
                if let widest = widest(active, taken, claim) { report(widest, claim, log) }
                active.append(claim)
                taken = taken.union(claim.addresses)
            }
        }
    }

    /// The claim with an address of `claim` that has the highest port, the first of equals; `nil` for none.
    private static func widest(_ active: [Claim], _ taken: AddressSet, _ claim: Claim) -> Claim? {
        guard !taken.intersection(claim.addresses).isEmpty else { return nil }
        var widest: Claim?
        for other in active where !other.addresses.intersection(claim.addresses).isEmpty {
            if widest.map({ other.port.range.upperBound > $0.port.range.upperBound }) ?? true { widest = other }
        }
        return widest
    }

    private static func claims(of transport: TransportProtocol, _ services: [PlacedService]) -> [Claim] {
        var claims: [Claim] = []
        for placed in services {
            for port in placed.ports where port.port.transport == transport {
                claims.append(
                    Claim(
                        port: port.port, service: placed.service, place: port.place, order: claims.count,
                        destinations: placed.service.destinations?.addresses))
            }
        }
        return claims
    }

    private static func report(_ one: Claim, _ other: Claim, _ log: DiagnosticLog) {
        let (earlier, later) = one.order < other.order ? (one, other) : (other, one)
        let isSame = earlier.service.name == later.service.name
        let owner = isSame ? "the same \(later.service.kind)" : earlier.service.title
        let relation =
            earlier.port.range == later.port.range ? "already belongs to" : "overlaps \(earlier.port) of"
        let place = isSame ? "" : common(earlier, later) + advice(earlier, later)
        log.error("\(later.port) \(relation) \(owner) at \(earlier.place.description)\(place)", at: later.place)
    }

    /// A range of more ports than this is probably meant to let in everything from its sources.
    private static let manyPorts = 10_000

    private static func advice(_ claims: Claim...) -> String {
        guard claims.contains(where: { $0.port.transport.hasPorts && $0.port.range.count > manyPorts }) else {
            return ""
        }
        return "; to let in everything from some sources or interfaces, list them under \"trusted\""
    }

    /// The address that two services have in common, where one of them names its addresses.
    private static func common(_ earlier: Claim, _ later: Claim) -> String {
        switch (earlier.destinations, later.destinations) {
        case (nil, nil): ""
        case (nil, _?): ", which has no \"addresses\" and so is open at every address"
        case (_?, nil): "; without \"addresses\" it would be open at every address"
        case (let one?, let other?):
            one.intersection(other).witness.map { "; both are open at \($0)" } ?? ""
        }
    }
}
