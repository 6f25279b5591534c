internal import Addressing

extension PolicyLint {
    /// Checks the sources of a service against the clients of its protocol.
    func checkClients(_ placed: PlacedService) {
        guard let place = (placed.entry.value.value(of: "from") ?? placed.entry.value.value(of: "allow"))?.place else {
            return
        }
        let name = placed.service.title
        for port in placed.service.ports where port.transport == .udp {
            for server in AddressServer.all where server.isMeant(by: port) {
                check(server, of: placed.service, name, at: place)
            }
        }
        guard placed.service.entries.contains(where: \.isForAnySource) else { return }
        for port in placed.service.ports {
            guard let known = PrivatePort.all.first(where: { $0.isMeant(by: port) }) else { continue }
            log.warning(
                "\(name) opens \(known.number)/\(port.transport), the port of \(known.program), to any: name its clients, "
                    + "or write [0.0.0.0/0, \"::/0\"] if every client is meant", at: place)
        }
    }

    /// Reports a server of addresses that clients without an address cannot reach; an `except` with them says that it is meant.
    private func check(_ server: AddressServer, of service: Service, _ name: String, at place: SourceSpan) {
        let sources = service.addresses
        let isMeant = service.entries.contains { $0.except?.addresses.isSuperset(of: server.newClients) == true }
        let isSpoken = !server.newClients.intersection(policy.defaults.families).isEmpty
        guard !sources.isEmpty, isSpoken, !isMeant, !sources.isSuperset(of: server.newClients) else { return }
        log.warning(
            "no new client of udp/\(server.port) reaches \(name): it has no address yet and asks from \(server.text), "
                + "which \"from\" lacks; add it, or list it under \"except\" if that is meant", at: place)
    }

    /// Checks whether an entry of `trusted` leaves nothing to a service.
    func checkTrusted(_ placed: PlacedService) {
        let service = placed.service
        // It also says who should listen.
        let listener = service.listener
        // A forward says where its connections go.
        guard service.forwarding == nil, listener.processes.isEmpty, listener.units.isEmpty, listener.users.isEmpty,
            !service.addresses.isEmpty,
            service.names.isEmpty
        else { return }
        let interfaces = service.entries.map(\.interfaces)
        let cover = policy.trusted.first { trusted in
            trusted.entry.expires == nil && trusted.entry.sources.names.isEmpty
                && trusted.entry.addresses.isSuperset(of: service.addresses)
                && interfaces.allSatisfy { trusted.entry.covers($0) }
        }
        guard let cover else { return }
        log.warning(
            "\(service.title) adds nothing: \"trusted\" \(Printable.quoted(cover.name)) lets all its "
                + "sources in; delete it, or write \"process\" or \"unit\" to say what listens", at: placed.entry.place)
    }

    /// Reports a reason that `init` wrote, and that was never filled in.
    func checkReason(_ placed: PlacedService) {
        guard placed.service.why == Service.unfilledReason, let node = placed.entry.value.value(of: "why") else {
            return
        }
        log.warning(
            "\"why\" of \(placed.service.title) was never filled in: write why it is open, or delete the \(placed.service.kind)",
            at: node.place)
    }
}

extension Service {
    /// The reason of a first policy.
    public static let unfilledReason = "to be filled in"
}

extension AllowEntry {
    /// Whether it is open to any source on any interface, by that word.
    fileprivate var isForAnySource: Bool { sources.entries == ["any"] && except == nil && interfaces.isEmpty }

    /// Whether the entry of `trusted` holds on all these interfaces; none for all.
    fileprivate func covers(_ others: [InterfacePattern]) -> Bool {
        if interfaces.isEmpty { return true }
        return !others.isEmpty
            && others.allSatisfy { other in
                interfaces.contains { own in
                    own == other || own.isPrefix && other.name.hasPrefix(own.name)
                }
            }
    }
}

/// A server that gives addresses to clients which have none yet.
private struct AddressServer {
    /// The port.
    let port: UInt16
    /// The sources of new clients.
    let newClients: AddressSet
    /// The same in the notation of a policy.
    let text: String

    /// A longer range is open for another reason.
    private static let longestRange = 16

    /// Whether a port or a short range is meant for such a server.
    func isMeant(by port: ServicePort) -> Bool {
        port.range.contains(self.port) && port.range.count <= Self.longestRange
    }

    /// RFC 2131 4.1; RFC 8415 7.2 and 18.
    static let all = [
        AddressServer(port: 67, newClients: AddressSet(ipv4: [0...0], ipv6: []), text: "0.0.0.0"),
        AddressServer(
            port: 547, newClients: AddressSet(ipv4: [], ipv6: [(0xfe80 << 112)...((0xfec0 << 112) - 1)]),
            text: "fe80::/10"),
    ]
}
