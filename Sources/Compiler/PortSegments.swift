internal import Policies

/// A port or a range of one protocol, and who has it.
typealias PortClaim<Owner> = (port: ServicePort, owner: Owner)

extension ServicePort {
    /// The claims of one protocol cut into disjoint ranges, in their order, each with all of its owners.
    static func segments<Owner>(_ claims: [PortClaim<Owner>]) -> [(port: ServicePort, owners: [Owner])] {
        let claims = claims.sorted { $0.port.range.lowerBound < $1.port.range.lowerBound }
        let edges = Set(claims.flatMap { [Int($0.port.range.lowerBound), Int($0.port.range.upperBound) + 1] }).sorted()
        var active: [PortClaim<Owner>] = []
        var next = 0
        return zip(edges, edges.dropFirst()).compactMap { lower, end in
            active.removeAll { Int($0.port.range.upperBound) < lower }
            while next < claims.count, Int(claims[next].port.range.lowerBound) <= lower {
                active.append(claims[next])
                next += 1
            }
            guard var port = active.first?.port else { return nil }
            port.range = UInt16(lower)...UInt16(end - 1)
            return (port, active.map(\.owner))
        }
    }
}
