internal import Addressing

/// Finds ports that two services have, or one service twice.
enum PortOverlap {
    private struct Claim {
        let port: ServicePort
        let service: String
        let place: SourceSpan
        let order: Int
    }

    /// Reports each overlap at the later of its two places and names the earlier.
    static func report(_ services: [PlacedService], _ log: DiagnosticLog) {
        let transports = Set(services.flatMap(\.ports).map(\.port.transport))
        for transport in transports.sorted(by: { $0.rawValue < $1.rawValue }) {
            let claims = claims(of: transport, services).sorted {
                ($0.port.range.lowerBound, $0.order) < ($1.port.range.lowerBound, $1.order)
            }
            guard var widest = claims.first else { continue }
            for claim in claims.dropFirst() {
                if claim.port.range.lowerBound <= widest.port.range.upperBound { report(widest, claim, log) }
                if claim.port.range.upperBound > widest.port.range.upperBound { widest = claim }
            }
        }
    }

    private static func claims(of transport: TransportProtocol, _ services: [PlacedService]) -> [Claim] {
        var claims: [Claim] = []
        for service in services {
            for placed in service.ports where placed.port.transport == transport {
                claims.append(
                    Claim(port: placed.port, service: service.service.name, place: placed.place, order: claims.count))
            }
        }
        return claims
    }

    private static func report(_ one: Claim, _ other: Claim, _ log: DiagnosticLog) {
        let (earlier, later) = one.order < other.order ? (one, other) : (other, one)
        let isSame = earlier.service == later.service
        let owner = isSame ? "the same service" : "service \"\(earlier.service)\""
        let relation =
            earlier.port.range == later.port.range ? "already belongs to" : "overlaps \(earlier.port) of"
        log.error("\(later.port) \(relation) \(owner) at \(earlier.place.description)", at: later.place)
    }
}
