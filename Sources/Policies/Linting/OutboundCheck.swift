internal import Addressing

/// Checks the assertions under `tests` about connections of this host.
///
/// As for services, the check compares sets of addresses, and ignores rates and expiry.
struct OutboundCheck {
    private let lines: [OutboundLine]
    private let mode: Defaults.Outbound
    private let denied: AddressSet
    private let families: Set<AddressFamily>
    /// The DNS names without a known address.
    private let unknownNames: Set<String>
    private let log: DiagnosticLog

    /// A check against the lines of a policy without errors.
    init(_ policy: Policy, _ log: DiagnosticLog) {
        lines = policy.outbound
        mode = policy.defaults.outbound
        denied = policy.deny?.addresses ?? AddressSet()
        families = policy.defaults.families
        unknownNames = Set(policy.names.filter(\.isUnknown).map(\.name))
        self.log = log
    }

    /// The result of an assertion for one port.
    private enum Outcome {
        case holds
        /// It fails, for the reason in a sentence.
        case fails(String)
        /// It depends on DNS names without a known address.
        case depends(on: Set<String>)
    }

    /// Reports, for each port, the first reason why the assertion fails, with an address as a witness.
    ///
    /// Under `audit` nothing is refused: what `reject` would refuse is a warning.
    func run(_ assertion: OutboundAssertion, at place: SourceSpan) {
        let all = assertion.destinations.addresses.subtracting(assertion.except?.addresses ?? AddressSet())
        let spoken = all.intersection(families)
        let destinations = spoken.isEmpty ? all : spoken
        for port in assertion.ports {
            let outcome: Outcome =
                switch assertion.expect {
                case .allow: mode == .accept ? .holds : allowance(of: destinations, port, assertion)
                case .deny: denial(of: destinations, port, assertion)
                }
            report(outcome, of: assertion, port, at: place)
        }
    }

    private func report(
        _ outcome: Outcome, of assertion: OutboundAssertion, _ port: ServicePort, at place: SourceSpan
    ) {
        switch outcome {
        case .holds where mode == .audit && assertion.expect == .deny:
            log.warning(
                "only \"reject\" refuses \(port): \"defaults.outbound\" is audit, which lets it pass", at: place)
        case .holds: break
        case .fails(let reason) where mode == .audit && assertion.expect == .allow:
            log.warning("only audit lets it pass: \(reason)", at: place)
        case .fails(let reason): log.error("the test fails: \(reason)", at: place)
        case .depends(let names):
            let list = names.sorted().map(Printable.quoted).joined(separator: ", ")
            log.warning("the test cannot be decided: no address of \(list) is known", at: place)
        }
    }

    /// Whether this host can begin no connection to `destinations`.
    private func denial(of destinations: AddressSet, _ port: ServicePort, _ assertion: OutboundAssertion) -> Outcome {
        guard mode != .accept else { return .fails("\"defaults.outbound\" is accept: nothing is refused") }
        if let witness = destinations.intersection(.loopback).witness {
            return .fails("\(port) to \(witness) is always let out: it is a loopback address")
        }
        let open = lines.filter { line in
            (assertion.user == nil || line.isFor(assertion.user)) && line.leaves(by: assertion.interface)
                && line.ports.contains { $0.overlaps(port) }
        }
        for line in open {
            guard let witness = line.addresses.subtracting(denied).intersection(destinations).witness else { continue }
            return .fails("\(port) to \(witness) is let out\(blame(line))")
        }
        let asked = unknown(assertion.destinations.names)
        let lineNames = unknown(open.flatMap(\.destinations.names))
        let isOpen = !lineNames.isEmpty || open.contains { !$0.addresses.isEmpty }
        let names = (destinations.isEmpty && asked.isEmpty ? [] : lineNames).union(isOpen ? asked : [])
        return names.isEmpty ? .holds : .depends(on: names)
    }

    /// Whether this host can begin every connection to `destinations`.
    private func allowance(of all: AddressSet, _ port: ServicePort, _ assertion: OutboundAssertion) -> Outcome {
        let destinations = all.subtracting(.loopback)
        if let witness = destinations.intersection(denied).witness { return .fails("\"deny\" covers \(witness)") }
        let asked = unknown(assertion.destinations.names)
        var names = denied.isEmpty ? [] : asked
        let able = lines.filter { $0.isFor(assertion.user) && $0.leaves(by: assertion.interface) }
        for range in segments(of: port, able) {
            let open = able.filter { line in line.ports.contains { $0.covers(port.transport, range) } }
            let openNames = unknown(open.flatMap(\.destinations.names))
            let out = open.reduce(AddressSet()) { $0.union($1.addresses) }
            if let witness = destinations.subtracting(out).witness {
                guard !openNames.isEmpty else {
                    let user = assertion.user.map { " for user \(Printable.quoted($0.written))" } ?? ""
                    return .fails("no line of \"outbound\" lets out \(port.text(range)) to \(witness)\(user)")
                }
                names.formUnion(openNames)
            }
            names.formUnion(out.isAny ? [] : asked.subtracting(openNames))
        }
        return names.isEmpty ? .holds : .depends(on: names)
    }

    /// The ports cut where the ports of a line begin or end.
    private func segments(of port: ServicePort, _ lines: [OutboundLine]) -> [ClosedRange<UInt16>] {
        var edges: Set = [Int(port.range.lowerBound), Int(port.range.upperBound) + 1]
        for other in lines.flatMap(\.ports) where other.overlaps(port) {
            let common = other.range.clamped(to: port.range)
            edges.formUnion([Int(common.lowerBound), Int(common.upperBound) + 1])
        }
        let sorted = edges.sorted()
        return zip(sorted, sorted.dropFirst()).map { UInt16($0)...UInt16($1 - 1) }
    }

    /// The names among these without a known address.
    private func unknown(_ names: [String]) -> Set<String> { unknownNames.intersection(names) }

    private func blame(_ line: OutboundLine) -> String {
        let place = line.location
        return " (outbound \"\(line.name)\" at \(Printable.text(place.file)):\(place.line):\(place.column))"
    }
}

extension ServicePort {
    /// Whether it has a port of the other.
    func overlaps(_ other: ServicePort) -> Bool { transport == other.transport && range.overlaps(other.range) }

    /// Whether it has all these ports.
    func covers(_ transport: TransportProtocol, _ range: ClosedRange<UInt16>) -> Bool {
        self.transport == transport && self.range.contains(range.lowerBound) && self.range.contains(range.upperBound)
    }
}
