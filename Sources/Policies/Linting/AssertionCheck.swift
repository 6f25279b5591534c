internal import Addressing

/// Checks the assertions under `tests`.
///
/// The check is a proof, since it compares sets of addresses, not samples. It ignores interfaces, rates and expiry: an
/// assertion is about sources and ports, and does not start to fail on the day a service expires.
struct AssertionCheck {
    private let ports: ServicesByPort
    private let trusted: [Trusted]
    private let denied: AddressSet
    private let families: Set<AddressFamily>
    private let log: DiagnosticLog

    /// A check against the services of a policy without errors.
    init(_ policy: Policy, _ log: DiagnosticLog) {
        ports = ServicesByPort(policy.services)
        trusted = policy.trusted
        denied = policy.deny?.addresses ?? AddressSet()
        families = policy.defaults.families
        self.log = log
    }

    /// Reports, for each port, the first reason why the assertion fails, with an address as a witness.
    func run(_ assertion: Assertion, at place: SourceSpan) {
        let all = assertion.from.addresses.subtracting(assertion.except?.addresses ?? AddressSet())
        // Of `any` only the families count that the host speaks; a test of another family alone is about that family.
        let spoken = all.intersection(families)
        let sources = spoken.isEmpty ? all : spoken
        for port in assertion.ports {
            let failure: String? =
                switch assertion.expect {
                case .allow: refusal(of: sources, port, at: assertion.address, trusted(on: assertion.interface))
                case .deny: admission(of: sources, port, at: assertion.address, trusted(on: assertion.interface))
                }
            if let failure { log.error("the test fails: \(failure)", at: place) }
        }
    }

    /// A sentence about an address of `sources` that can connect; `nil` if there is none.
    private func admission(
        of sources: AddressSet, _ port: ServicePort, at address: IPAddress?, _ trusted: [Trusted]
    ) -> String? {
        for trusted in trusted {
            let admitted = trusted.entry.addresses.subtracting(denied).intersection(sources)
            guard let witness = admitted.first else { continue }
            return "\(port) is open to \(witness)\(blame("\"trusted\"", trusted.name, trusted.location))"
        }
        for (service, range) in ports.owners(of: port, at: address) {
            let admitted = service.addresses.subtracting(denied).intersection(sources)
            guard let witness = admitted.first else { continue }
            return "\(port.text(range)) is open to \(witness)\(blame(service))"
        }
        return nil
    }

    /// A sentence about an address of `sources` that cannot connect; `nil` if there is none.
    private func refusal(
        of all: AddressSet, _ port: ServicePort, at address: IPAddress?, _ trusted: [Trusted]
    ) -> String? {
        if let witness = all.intersection(denied).first { return "\"deny\" covers \(witness)" }
        let sources = trusted.reduce(all) { $0.subtracting($1.entry.addresses) }
        var next = Int(port.range.lowerBound)
        for (service, range) in ports.owners(of: port, at: address) {
            guard next >= range.lowerBound else { break }
            if let witness = sources.subtracting(service.addresses).first {
                return "\(port.text(range)) is closed to \(witness)\(blame(service))"
            }
            next = max(next, Int(range.upperBound) + 1)
        }
        guard next <= port.range.upperBound, !sources.isEmpty else { return nil }
        let place = address.map { " at \($0)" } ?? ""
        return "no service opens \(port.text(UInt16(next)...UInt16(next)))\(place)"
    }

    /// The entries of `trusted` that let packets in on the interface; without one, those for all interfaces.
    private func trusted(on interface: String?) -> [Trusted] {
        trusted.filter { trusted in
            let patterns = trusted.entry.interfaces
            return patterns.isEmpty || patterns.contains { pattern in interface.map(pattern.matches) ?? false }
        }
    }

    private func blame(_ service: Service) -> String { blame("service", service.name, service.location) }

    private func blame(_ kind: String, _ name: String, _ place: SourceLocation) -> String {
        " (\(kind) \"\(name)\" at \(Printable.text(place.file)):\(place.line):\(place.column))"
    }
}

extension AddressSet {
    /// The first address of the set, as text; `nil` for the empty set.
    fileprivate var first: String? {
        if let range = ipv4.ranges.first { return IPv4Address(value: range.lowerBound).description }
        return ipv6.ranges.first.map { IPv6Address(value: $0.lowerBound).description }
    }
}
