internal import Addressing
internal import Kernel
internal import Listeners
internal import Policies
internal import Printing
internal import System

/// A line of `outbound` of a first policy: the destinations of one user at one port.
struct FirstLine {
    /// What the connections of a line have in common.
    fileprivate struct Subject: Hashable {
        let transport: TransportProtocol
        let port: UInt16
        let user: String?
    }

    private var name: String
    private let ports: [String]
    private let destinations: [IPAddress]
    private let user: String?
    private let why: String

    /// More destinations than these become any.
    private static let mostDestinations = 16

    /// The lines for the servers of names, and for the live connections of a host, ordered by port.
    static func all(on host: Host) throws -> [FirstLine] {
        let list = try host.sessions.connections()
        let begun = list.connections.filter { $0.direction == .outbound && !$0.isWithinHost }
        let resolvers = host.outboundNeeds().resolvers.compactMap(\.address)
        var lines: [FirstLine] = []
        if !resolvers.isEmpty {
            lines.append(
                FirstLine(
                    name: "dns", ports: ["53/udp", "53/tcp"], destinations: resolvers, user: nil, why: "Names"))
        }
        let known = begun.filter { connection in
            let far = connection.session.dialled
            return far.port != 53 || !resolvers.contains(far.address)
        }
        var taken = Set(lines.map(\.name))
        for var line in Self.lines(known.isEmpty ? [] : host.sessions.owners(of: known)) {
            line.name = PolicyName.unique(line.name, &taken)
            lines.append(line)
        }
        return lines
    }

    private static func lines(_ connections: [LiveConnection]) -> [FirstLine] {
        // ICMP goes out unasked, and so do the requests of a DHCP client (RFC 2131 4.1, RFC 8415 7.2).
        let asked = connections.filter { connection in
            let session = connection.session
            return ![.icmp, .icmpv6, .igmp].contains(session.transport)
                && !(session.transport == .udp && [67, 547].contains(session.dialled.port))
        }
        let groups = Dictionary(grouping: asked) { connection in
            let session = connection.session
            let port = session.transport.hasPorts ? session.dialled.port : 0
            return Subject(transport: session.transport, port: port, user: connection.processes.first?.user)
        }
        return groups.sorted { $0.key.order < $1.key.order }.map { subject, connections in
            let names = Set(connections.compactMap { $0.processes.first?.name }).sorted()
            let destinations = Set(connections.map(\.session.dialled.address)).sorted()
            return FirstLine(
                name: FirstService.sanitized(names.first ?? "port-\(subject.port)"),
                ports: [
                    subject.transport.hasPorts
                        ? "\(subject.port)/\(subject.transport)" : "\(subject.transport.rawValue)"
                ],
                destinations: destinations, user: subject.user, why: Service.unfilledReason)
        }
    }

    /// The lines of the policy.
    var lines: [String] {
        let key = ports.allSatisfy { $0.contains("/") } ? "ports" : "protocols"
        let to =
            destinations.count > Self.mostDestinations
            ? "any   # \(destinations.count) addresses now" : YAMLText.list(destinations.map(\.description))
        return ["  \(name):", "    \(key): \(YAMLText.list(ports))", "    to: \(to)"]
            + (user.map { ["    user: \(YAMLText.scalar($0))"] } ?? []) + ["    why: \(why)"]
    }
}

extension FirstLine.Subject {
    fileprivate var order: (UInt8, UInt16, String) { (transport.rawValue, port, user ?? "") }
}
