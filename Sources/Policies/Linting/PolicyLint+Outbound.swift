internal import Addressing

extension PolicyLint {
    /// Checks the lines of `outbound`, each at its place.
    func check(_ lines: [PlacedLine], in documents: [PolicyDocument]) {
        if policy.defaults.outbound == .accept {
            let advice = "write \"audit\" to see what they would refuse, then \"reject\""
            for place in documents.compactMap({ $0.keyed.place(of: "outbound") }) where !lines.isEmpty {
                log.warning(
                    "\"outbound\" restricts nothing while \"defaults.outbound\" is accept; \(advice)", at: place)
            }
        }
        let redundancy = SourceRedundancy(policy)
        let rivals = Rivals(lines.map(\.line))
        for placed in lines { check(placed, redundancy, among: rivals.lines(for: placed.line)) }
    }

    private func check(_ placed: PlacedLine, _ redundancy: SourceRedundancy, among lines: [OutboundLine]) {
        let (line, node) = (placed.line, placed.entry.value)
        let name = "outbound \(Printable.quoted(line.name))"
        if line.why == nil { log.warning("\(name) has no \"why\"", at: placed.entry.place) }
        checkInterfaces(line.interfaces, in: node)
        check(line.reviewed, at: node.value(of: "reviewed"))
        if let now, line.isExpired(at: now), let place = node.value(of: "expires")?.place {
            log.warning("\(name) has expired", at: place)
        }
        guard let place = node.value(of: "to")?.place else { return }
        if let reason = emptiness(of: line) { return log.warning("\(name) lets nothing out: \(reason)", at: place) }
        for redundant in redundancy.entries(ofService: line.destinations) {
            warn(of: redundant, in: "to", " of \(name)", at: place)
        }
        if let cover = lines.first(where: { line.addsNothing(to: $0) }) {
            log.warning(
                "\(name) adds nothing: outbound \(Printable.quoted(cover.name)) lets out all of it",
                at: placed.entry.place)
        }
    }

    /// Why a line lets nothing out; `nil` if it may let something out.
    private func emptiness(of line: OutboundLine) -> String? {
        // The addresses of DNS names change.
        guard line.destinations.names.isEmpty else { return nil }
        guard !line.addresses.isEmpty else {
            // The reader has said so where `families` leaves nothing.
            if policy.defaults.families.count == 1, line.destinations.addresses.isEmpty { return nil }
            return line.destinations.addresses.isEmpty
                ? "its destinations are empty" : "\"except\" covers all its destinations"
        }
        guard let deny = policy.deny, deny.addresses.isSuperset(of: line.addresses) else { return nil }
        return "\"deny\" covers all its destinations"
    }
}

/// The lines that may let out all of another one, found by its first port: a policy may have thousands.
private struct Rivals {
    private struct Port: Hashable {
        let transport: TransportProtocol
        let number: UInt16
    }

    private var singles: [Port: [OutboundLine]] = [:]
    private var ranges: [OutboundLine] = []

    /// So many lines with one port are written by a program, and need not be few.
    private static let most = 200

    init(_ lines: [OutboundLine]) {
        for line in lines {
            if line.ports.contains(where: { $0.range.count > 1 }) { ranges.append(line) }
            for port in line.ports where port.range.count == 1 {
                singles[Port(transport: port.transport, number: port.range.lowerBound), default: []].append(line)
            }
        }
    }

    func lines(for line: OutboundLine) -> [OutboundLine] {
        guard let first = line.ports.first else { return [] }
        let found = (singles[Port(transport: first.transport, number: first.range.lowerBound)] ?? []) + ranges
        return found.count > Self.most ? [] : found
    }
}

extension OutboundLine {
    /// Whether another line lets out all that this one does, and this one says no more.
    fileprivate func addsNothing(to other: OutboundLine) -> Bool {
        let isPlain = !log && client.processes.isEmpty && client.units.isEmpty && expires == nil && limit == nil
        let isUnconditional =
            other.expires == nil && other.limit == nil && other.interfaces.isEmpty && other.users.isEmpty
            && other.destinations.names.isEmpty && destinations.names.isEmpty
        // Of two equal lines the first stays.
        guard name != other.name, isPlain, isUnconditional, other.addresses.isSuperset(of: addresses),
            ports.allSatisfy({ port in other.ports.contains { $0.covers(port.transport, port.range) } })
        else { return false }
        return !other.isEqual(to: self) || other.name < name
    }

    private func isEqual(to other: OutboundLine) -> Bool {
        Set(ports.map(\.description)) == Set(other.ports.map(\.description)) && addresses == other.addresses
            && users.isEmpty && interfaces.isEmpty && other.users.isEmpty && other.interfaces.isEmpty
    }
}
