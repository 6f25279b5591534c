internal import Addressing
internal import Changes
internal import Reachability

extension AccessReport {
    /// One line per service and family that gains or loses, with the sources and the ports.
    func witnessLines(_ console: Console, atMost maximum: Int) -> [String] {
        let sections: [(rows: [Row], style: Console.Style, text: (Witness) -> String)] = [
            (gained, .green, { "+ \($0.sources) can reach \($0.ports)" }),
            (lost, .red, { "- \($0.sources) can no longer reach \($0.ports)" }),
            (unknown, .yellow, { "? it is not known whether \($0.sources) can reach \($0.ports)\($0.cause)" }),
        ]
        return sections.flatMap { section in
            let witnesses = Witness.all(of: section.rows)
            let lines = witnesses.prefix(maximum).map { console.styled(section.text($0), section.style) }
            let rest = witnesses.count - lines.count
            return lines + (rest > 0 ? ["  and \(rest) more: --verbose shows all"] : [])
        }
    }

    /// Ports of a service that share an address which gains or loses access to them.
    private struct Witness {
        let address: AddressRange
        let rows: [Row]

        /// One for each service, family and interface; several if its ports have no address in common.
        static func all(of rows: [Row]) -> [Self] {
            var groups: [Subject: [Row]] = [:]
            var order: [Subject] = []
            for row in rows where !row.change.sources.isEmpty {
                let subject = Subject(row)
                if groups[subject] == nil { order.append(subject) }
                groups[subject, default: []].append(row)
            }
            return order.flatMap { subject -> [Self] in
                var (rest, found) = (groups[subject] ?? [], [Self]())
                while let address = rest.first?.change.sources.witness {
                    found.append(Self(address: address, rows: rest.filter { $0.change.sources.contains(address) }))
                    rest.removeAll { $0.change.sources.contains(address) }
                }
                return found
            }
        }

        /// The sources if all ports have the same, or else one address that they share.
        var sources: String {
            guard let row = rows.first, rows.allSatisfy({ $0.change.sources == row.change.sources }) else {
                return "\(address), for example,"
            }
            return row.sourcesText
        }

        /// The ports, the service, and the interfaces if they are limited.
        var ports: String {
            let names = rows.map { "\($0.change.transport.name)/\($0.ports.text)" }
            let shown = names.prefix(AddressSet.shownRanges).joined(separator: ", ")
            let rest = names.count - AddressSet.shownRanges
            let place = rows.first.map { $0.interfaces.isEmpty ? "" : " on \($0.interfaces.joined(separator: ", "))" }
            return shown + (rest > 0 ? " and \(rest) more" : "") + " (\(rows.first?.service ?? "no service"))"
                + (place ?? "")
        }

        var cause: String {
            rows.first?.change.doubts.first.map { ", because of the rule \"\($0)\"" } ?? ""
        }
    }

    /// The key of a group of rows.
    private struct Subject: Hashable {
        let service: String?
        let family: AddressFamily
        let interfaces: [String]

        init(_ row: Row) {
            (service, family, interfaces) = (row.service, row.change.family, row.interfaces)
        }
    }
}

extension AddressSet {
    /// Whether the set has every address of a range.
    fileprivate func contains(_ range: AddressRange) -> Bool {
        switch range {
        case .ipv4(let range): !ipv4.intersection(IntervalSet([range])).isEmpty
        case .ipv6(let range): !ipv6.intersection(IntervalSet([range])).isEmpty
        }
    }
}
