internal import Addressing

extension ServiceDecoder {
    /// Where the forward leads; `nil` after an error.
    ///
    /// - Parameters:
    ///   - keyed: the mapping of the forward.
    ///   - service: the forward with its ports, sources and addresses.
    ///   - place: the place of its name.
    /// - Returns: the targets, and how clients are assigned to them.
    func forwarding(_ keyed: KeyedNode, of service: Service, at place: SourceSpan) -> Forwarding? {
        guard let node = keyed["to"] else {
            if keyed.lacks("to") { log.error("\(service.title) lacks \"to\"", at: place) }
            return nil
        }
        let targets = TargetDecoder(log: log).decode(node)
        let balance = keyed["balance"].map { $0.word(as: "balance", of: Forwarding.Balance.self, log) } ?? .source
        guard !targets.isEmpty, let balance else { return nil }
        var forwarding = Forwarding(
            location: node.place.location, targets: targets.map(\.target), balance: balance)
        forwarding.hairpin = keyed["hairpin"].flatMap(hairpin)
        for (target, place) in targets { check(target, of: service, at: place) }
        let isMixed = targets.contains { $0.target.isLocal } && !forwarding.isLocal
        if isMixed { log.error("a port of this host cannot stand beside other targets", at: node.place) }
        check(keyed, of: service, forwarding)
        return forwarding
    }

    private func hairpin(_ node: YamlNode) -> SourceList? {
        guard let list = groups.list(node, as: "hairpin") else { return nil }
        for (entry, item) in zip(list.entries, node.items) where entry == "any" {
            log.error("\"hairpin\" cannot be any; name the network of the targets", at: item.place)
            return nil
        }
        return list
    }

    /// Reports a target that no connection to the ports of the forward can have.
    private func check(_ target: ForwardTarget, of service: Service, at place: SourceSpan) {
        if target.port != nil, let range = service.ports.first(where: { $0.range.count > 1 }) {
            let text = Printable.quoted(target.description)
            log.error("\(text) has a port, but \(range) cannot be mapped to one port; omit it", at: place)
        } else if target.isLocal, let same = service.ports.first(where: { $0.range.lowerBound == target.port }) {
            log.error("\(same) leads to itself", at: place)
        }
        guard let family = target.address?.family else { return }
        let sources = service.addresses
        let name = family == .ipv4 ? "IPv4" : "IPv6"
        if !sources.isEmpty, service.names.isEmpty, !sources.families.contains(family) {
            log.error("\(target) is an \(name) address, and no source of \(service.title) is", at: place)
        } else if let addresses = service.destinations?.addresses, !addresses.families.contains(family) {
            log.error("\(target) is an \(name) address, and none of \"addresses\" is", at: place)
        }
    }

    /// Reports keys that the targets make pointless.
    private func check(_ keyed: KeyedNode, of service: Service, _ forwarding: Forwarding) {
        if forwarding.isLocal {
            guard let place = keyed.place(of: "hairpin") else { return }
            log.error("\"hairpin\" is for targets that are other hosts", at: place)
            return
        }
        for key in ["process", "unit", "user", "optional"] {
            guard let place = keyed.place(of: key) else { continue }
            log.error("\"\(key)\" says who listens on this host, and \(service.title) leads to another", at: place)
        }
    }
}

extension Service {
    /// The keys that a forward may have.
    static let forwardKeys = keys.filter { $0 != "protocols" } + ["to", "balance", "hairpin"]
}
