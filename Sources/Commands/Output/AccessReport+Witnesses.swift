internal import Addressing
internal import Changes
internal import Reachability

extension AccessReport {
    /// A line a service and family that gains or loses, with one address that does and the ports that it does at.
    func witnessLines(_ console: Console, atMost maximum: Int) -> [String] {
        let sections: [(rows: [Row], style: Console.Style, text: (Witness) -> String)] = [
            (gained, .green, { "+ \($0.address) can reach \($0.ports)" }),
            (lost, .red, { "- \($0.address) can no longer reach \($0.ports)" }),
            (unknown, .yellow, { "? whether \($0.address) can reach \($0.ports) is not known\($0.cause)" }),
        ]
        return sections.flatMap { section in
            let witnesses = Witness.all(of: section.rows)
            let lines = witnesses.prefix(maximum).map { console.styled(section.text($0), section.style) }
            let rest = witnesses.count - lines.count
            return lines + (rest > 0 ? ["  and \(rest) more: --verbose shows all"] : [])
        }
    }

    /// One address that stands for all that gain or lose access to ports of a service.
    private struct Witness {
        let address: AddressRange
        let rows: [Row]

        /// One for each service, family and interface; several where its ports have no address in common.
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

        /// The ports, the service, and the interfaces where it is not all of them.
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

    /// What lines are told apart by.
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
