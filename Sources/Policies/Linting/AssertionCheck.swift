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
    /// The DNS names without a known address.
    private let unknownNames: Set<String>
    private let log: DiagnosticLog

    /// A check against the services of a policy without errors.
    init(_ policy: Policy, _ log: DiagnosticLog) {
        ports = ServicesByPort(policy.services)
        trusted = policy.trusted
        denied = policy.deny?.addresses ?? AddressSet()
        families = policy.defaults.families
        unknownNames = Set(policy.names.filter(\.isUnknown).map(\.name))
        self.log = log
    }

    /// The result of an assertion for one port.
    private enum Outcome {
        /// It holds.
        case holds
        /// It fails, for the reason in a sentence.
        case fails(String)
        /// It depends on DNS names without a known address.
        case depends(on: Set<String>)
    }

    /// Reports, for each port, the first reason why the assertion fails, with an address as a witness.
    ///
    /// A DNS name without a known address may have any: an assertion that depends on it neither holds nor fails.
    func run(_ assertion: Assertion, at place: SourceSpan) {
        let all = assertion.from.addresses.subtracting(assertion.except?.addresses ?? AddressSet())
        // Of `any` only the families count that the host speaks; a test of another family alone is about that family.
        let spoken = all.intersection(families)
        let sources = spoken.isEmpty ? all : spoken
        for port in assertion.ports {
            let outcome: Outcome =
                switch assertion.expect {
                case .allow: allowance(of: sources, port, assertion)
                case .deny: denial(of: sources, port, assertion)
                }
            switch outcome {
            case .holds: break
            case .fails(let reason): log.error("the test fails: \(reason)", at: place)
            case .depends(let names):
                let list = names.sorted().map(Printable.quoted).joined(separator: ", ")
                log.warning("the test cannot be decided: no address of \(list) is known", at: place)
            }
        }
    }

    /// Whether no address of `sources` can connect.
    private func denial(of sources: AddressSet, _ port: ServicePort, _ assertion: Assertion) -> Outcome {
        let (trusted, owners) = (trusted(on: assertion.interface), ports.owners(of: port, at: assertion.address))
        for trusted in trusted {
            let admitted = trusted.entry.addresses.subtracting(denied).intersection(sources)
            guard let witness = admitted.first else { continue }
            return .fails("\(port) is open to \(witness)\(blame("\"trusted\"", trusted.name, trusted.location))")
        }
        for (service, range) in owners {
            let admitted = service.addresses.subtracting(denied).intersection(sources)
            guard let witness = admitted.first else { continue }
            return .fails("\(port.text(range)) is open to \(witness)\(blame(service))")
        }
        let open = unknown(trusted.flatMap(\.entry.sources.names) + owners.flatMap(\.service.names))
        let asked = unknown(assertion.from.names)
        let isOpen =
            !open.isEmpty || trusted.contains { !$0.entry.addresses.isEmpty }
            || owners.contains { !$0.service.addresses.isEmpty }
        let names = (sources.isEmpty && asked.isEmpty ? [] : open).union(isOpen ? asked : [])
        return names.isEmpty ? .holds : .depends(on: names)
    }

    /// Whether all addresses of `sources` can connect.
    private func allowance(of all: AddressSet, _ port: ServicePort, _ assertion: Assertion) -> Outcome {
        if let witness = all.intersection(denied).first { return .fails("\"deny\" covers \(witness)") }
        let trusted = trusted(on: assertion.interface)
        let (asked, trustedNames) = (unknown(assertion.from.names), unknown(trusted.flatMap(\.entry.sources.names)))
        let sources = trusted.reduce(all) { $0.subtracting($1.entry.addresses) }
        // A name that the test asks about is let in where the same name is.
        let rest = asked.subtracting(trustedNames)
        var names = denied.isEmpty ? [] : asked
        var next = Int(port.range.lowerBound)
        for (service, range) in ports.owners(of: port, at: assertion.address) {
            guard next >= range.lowerBound else { break }
            let open = unknown(service.names)
            if let witness = sources.subtracting(service.addresses).first {
                guard !open.isEmpty || !trustedNames.isEmpty else {
                    return .fails("\(port.text(range)) is closed to \(witness)\(blame(service))")
                }
                names.formUnion(open.union(trustedNames))
            }
            names.formUnion(rest.subtracting(open))
            next = max(next, Int(range.upperBound) + 1)
        }
        guard next <= port.range.upperBound, !sources.isEmpty || !rest.isEmpty else {
            return names.isEmpty ? .holds : .depends(on: names)
        }
        let place = assertion.address.map { " at \($0)" } ?? ""
        guard trustedNames.isEmpty else { return .depends(on: names.union(trustedNames)) }
        return .fails("no service opens \(port.text(UInt16(next)...UInt16(next)))\(place)")
    }

    /// The names among these without a known address.
    private func unknown(_ names: [String]) -> Set<String> { unknownNames.intersection(names) }

    /// The entries of `trusted` that let packets in on the interface; without one, those for all interfaces.
    private func trusted(on interface: String?) -> [Trusted] {
        trusted.filter { trusted in
            let patterns = trusted.entry.interfaces
            return patterns.isEmpty || patterns.contains { pattern in interface.map(pattern.matches) ?? false }
        }
    }

    private func blame(_ service: Service) -> String { blame(service.kind, service.name, service.location) }

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
