internal import Addressing
internal import Changes
internal import Printing
internal import Reachability

extension AccessReport {
    /// At most this many lines of a section are shown; the rest are counted.
    static let shownLines = 10

    /// One line per service, sources and interfaces: first gains, then losses, then unknown changes.
    func groupedLines(
        _ console: Console, named names: SourceNames, atMost maximum: Int = shownLines, hint: String?
    ) -> [String] {
        let sections: [(rows: [Row], style: Console.Style, text: (Group) -> String)] = [
            (gained, .green, { "+ \($0.gainText(named: names)) \($0.portsText)" }),
            (lost, .red, { "- \($0.lossText(named: names))" }),
            (
                unknown, .yellow,
                { "? not known whether \($0.clients(named: names)) can reach \($0.portsText)\($0.cause)" }
            ),
        ]
        return sections.flatMap { section in
            let groups = Group.all(of: section.rows, declared)
            return groups.map { console.styled(section.text($0), section.style) }.shortened(to: maximum, hint: hint)
        }
    }

    /// Those lines, and what changes for the connections that this host begins.
    func changeLines(
        _ console: Console, named names: SourceNames, atMost maximum: Int = shownLines, hint: String?
    ) -> [String] {
        groupedLines(console, named: names, atMost: maximum, hint: hint)
            + outbound.lines(console, atMost: maximum, hint: hint)
    }

    /// The ports of rows and their sources, in one line for a service's ports with the same sources.
    func portTexts(of rows: [Row]) -> [String] {
        Group.all(of: rows, declared).map { "\($0.portsText) from \($0.sources.clientsText)\($0.cause)" }
    }

    /// What each service gives and takes, without marks and colours.
    var groupedTexts: (gained: [String], lost: [String]) {
        func texts(_ rows: [Row]) -> [String] {
            Group.all(of: rows, declared).map { "\($0.portsText) for \($0.sources.clientsText)" }
        }
        return (texts(gained), texts(lost))
    }

    /// Ports of one service that the same sources gain or lose.
    private struct Group {
        var sources: AddressSet
        let rows: [Row]
        /// Whether the ports are all undeclared ones.
        let isEveryOtherPort: Bool

        /// The groups in the order of their first row; a group has both families if both have the same ports.
        static func all(of rows: [Row], _ declared: [TransportProtocol: IntervalSet<UInt16>]) -> [Self] {
            let others = undeclared(declared)
            let groups = rows.filter { !$0.isOfDHCPClient }.grouped(by: Subject.init).map { rows in
                Self(
                    sources: rows[0].change.sources, rows: rows,
                    isEveryOtherPort: rows[0].service == nil && rows[0].trusted == nil && hasEvery(others, rows))
            }
            return groups.grouped(by: Ports.init).map { same in
                let sources = same.map(\.sources).reduce(AddressSet()) { $0.union($1) }
                return Self(sources: sources, rows: same[0].rows, isEveryOtherPort: same[0].isEveryOtherPort)
            }
        }

        /// The ports of each protocol that no service declares.
        private static func undeclared(
            _ declared: [TransportProtocol: IntervalSet<UInt16>]
        ) -> [(TransportProtocol, IntervalSet<UInt16>)] {
            TransportProtocol.withPorts.map { transport in
                let others = IntervalSet<UInt16>([1...UInt16.max]).subtracting(declared[transport] ?? IntervalSet())
                return (transport, transport == .udp ? others.subtracting(IntervalSet([Row.dhcpClient])) : others)
            }
        }

        private static func hasEvery(_ others: [(TransportProtocol, IntervalSet<UInt16>)], _ rows: [Row]) -> Bool {
            let ports = Dictionary(grouping: rows, by: \.change.transport).mapValues { IntervalSet($0.map(\.ports)) }
            return others.allSatisfy { $1.subtracting(ports[$0] ?? IntervalSet()).isEmpty }
        }

        /// The sources, in the words of the service if it has some.
        func clients(named names: SourceNames) -> String {
            sources.clientsText(named: names, of: rows.first?.service)
        }

        /// The sources with a verb, before the ports.
        ///
        /// "Anyone but A can reach" would say that A cannot, and A may have had access before.
        func gainText(named names: SourceNames) -> String {
            let clients = clients(named: names)
            return "\(clients) \(clients.isSeveral ? "gain" : "gains") access to"
        }

        /// The sources, what they lose, and the ports.
        ///
        /// "Nobody but A can reach" would say that A can, and A may have had no access before.
        func lossText(named names: SourceNames) -> String {
            if sources.isAny { return closingText(to: "everyone") }
            let clients = clients(named: names)
            if ["any IPv4 address", "any IPv6 address"].contains(clients) {
                return closingText(to: "every\(clients.dropFirst("any".count))")
            }
            return "\(clients) \(clients.isSeveral ? "lose" : "loses") access to \(portsText)"
        }

        private func closingText(to clients: String) -> String {
            let ports = isEveryOtherPort ? "every\(portsText.dropFirst("any".count))" : portsText
            return "\(ports) \(isEveryOtherPort || rows.count == 1 ? "closes" : "close") to \(clients)"
        }

        /// The ports, the service, and the interfaces if they are limited.
        var portsText: String {
            (isEveryOtherPort ? "any port that is not in the policy" : portsList) + (rows.first?.placeText ?? "")
        }

        private var portsList: String {
            rows.map(\.portText).listed(atMost: AddressSet.shownRanges)
                + " (\(rows.first.flatMap { $0.trusted ?? $0.service } ?? "no service"))"
        }

        var cause: String {
            rows.first?.change.doubts.first.map { ", because of the rule \"\($0)\"" } ?? ""
        }
    }

    /// The service, the interfaces and the sources of a group of one family.
    private struct Subject: Hashable {
        let service: String?
        let trusted: String?
        let family: AddressFamily
        let interfaces: [String]
        let destinations: [String]
        let sources: AddressSet
        let doubts: [RuleReference]

        init(_ row: Row) {
            service = row.service
            trusted = row.trusted
            family = row.change.family
            interfaces = row.interfaces
            destinations = row.destinations
            sources = row.change.sources
            doubts = row.change.doubts
        }
    }

    /// The ports of a group, with its service and its interfaces.
    private struct Ports: Hashable {
        private struct Port: Hashable {
            let transport: TransportProtocol
            let range: ClosedRange<UInt16>
        }

        private let service: String?
        private let trusted: String?
        private let interfaces: [String]
        private let destinations: [String]
        private let doubts: [RuleReference]
        private let ports: [Port]

        init(_ group: Group) {
            service = group.rows.first?.service
            trusted = group.rows.first?.trusted
            interfaces = group.rows.first?.interfaces ?? []
            destinations = group.rows.first?.destinations ?? []
            doubts = group.rows.first?.change.doubts ?? []
            ports =
                group.isEveryOtherPort
                ? [] : group.rows.map { Port(transport: $0.change.transport, range: $0.ports) }
        }
    }
}

extension AccessReport.Row {
    /// The port of a DHCPv6 client (RFC 8415 7.2), which a policy need not list: it is open to the link.
    fileprivate static let dhcpClient: ClosedRange<UInt16> = 546...546

    /// Whether the row is about that port alone.
    fileprivate var isOfDHCPClient: Bool {
        service == nil && change.transport == .udp && change.family == .ipv6 && ports == Self.dhcpClient
    }
}

extension String {
    /// Whether it is a list of clients, outside of brackets and of what "anyone but" leaves out.
    fileprivate var isSeveral: Bool {
        guard !hasPrefix("any") else { return false }
        return prefix { $0 != "(" }.contains(",") || contains(" and ")
    }
}

extension Array {
    /// The elements with equal keys together, in the order of the first of each.
    fileprivate func grouped<Key: Hashable>(by key: (Element) -> Key) -> [[Element]] {
        var places: [Key: Int] = [:]
        var groups: [[Element]] = []
        for element in self {
            let place = places[key(element), default: groups.count]
            places[key(element)] = place
            if place == groups.count { groups.append([element]) } else { groups[place].append(element) }
        }
        return groups
    }
}
