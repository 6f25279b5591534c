internal import Addressing

/// Checks the assertions under `tests`.
///
/// The check is a proof, since it compares sets of addresses, not samples. It ignores interfaces, rates and expiry: an
/// assertion is about sources and ports, and does not start to fail on the day a service expires.
struct AssertionCheck {
    private let services: [Service]
    private let denied: AddressSet
    private let log: DiagnosticLog

    /// A check against the services of a policy without errors.
    init(_ policy: Policy, _ log: DiagnosticLog) {
        services = policy.services
        denied = policy.deny?.addresses ?? AddressSet()
        self.log = log
    }

    /// Reports, for each port, the first reason why the assertion fails, with an address as a witness.
    func run(_ assertion: Assertion, at place: SourceSpan) {
        let sources = assertion.from.addresses.subtracting(assertion.except?.addresses ?? AddressSet())
        for port in assertion.ports {
            let failure: String? =
                switch assertion.expect {
                case .allow: refusal(of: sources, port)
                case .deny: admission(of: sources, port)
                }
            if let failure { log.error("the test fails: \(failure)", at: place) }
        }
    }

    /// A sentence about an address of `sources` that can connect; `nil` if there is none.
    private func admission(of sources: AddressSet, _ port: ServicePort) -> String? {
        for (service, range) in owners(of: port) {
            let admitted = service.addresses.subtracting(denied).intersection(sources)
            guard let witness = admitted.first else { continue }
            return "\(port.text(range)) is open to \(witness)\(blame(service))"
        }
        return nil
    }

    /// A sentence about an address of `sources` that cannot connect; `nil` if there is none.
    private func refusal(of sources: AddressSet, _ port: ServicePort) -> String? {
        if let witness = sources.intersection(denied).first { return "\"deny\" covers \(witness)" }
        var next = Int(port.range.lowerBound)
        for (service, range) in owners(of: port) {
            guard next == range.lowerBound else { break }
            if let witness = sources.subtracting(service.addresses).first {
                return "\(port.text(range)) is closed to \(witness)\(blame(service))"
            }
            next = Int(range.upperBound) + 1
        }
        guard next <= port.range.upperBound, !sources.isEmpty else { return nil }
        return "no service opens \(port.text(UInt16(next)...UInt16(next)))"
    }

    /// The services that have ports of `port`, each with these ports, in ascending order.
    private func owners(of port: ServicePort) -> [(service: Service, range: ClosedRange<UInt16>)] {
        let owners = services.flatMap { service in
            service.ports.filter { $0.transport == port.transport && $0.range.overlaps(port.range) }.map {
                (service: service, range: $0.range.clamped(to: port.range))
            }
        }
        return owners.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    private func blame(_ service: Service) -> String {
        let place = service.location
        return " (service \"\(service.name)\" at \(Printable.text(place.file)):\(place.line):\(place.column))"
    }
}

extension AddressSet {
    /// The first address of the set, as text; `nil` for the empty set.
    fileprivate var first: String? {
        if let range = ipv4.ranges.first { return IPv4Address(value: range.lowerBound).description }
        return ipv6.ranges.first.map { IPv6Address(value: $0.lowerBound).description }
    }
}
