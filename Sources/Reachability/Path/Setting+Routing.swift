internal import Addressing

extension Setting {
    /// Whether the kernel drops a redirected packet in this state when it routes it: one for a loopback address that came
    /// from another host.
    ///
    /// That this host forwards at all is taken for granted: container engines turn it on when they start.
    func loses(_ state: PacketState) -> Certainty {
        guard let routes = circumstances.routes, circumstances.addresses != nil, interfaceName != "lo", !isLeaving,
            let destination = state.destination?.constants
        else { return .no }
        guard !state.isForwarded, family == .ipv4, destination.first == 127 else { return .no }
        let isKnown = routes.indices[interfaceName] != nil
        let names = isKnown ? [interfaceName] : routes.indices.keys.filter { $0 != "lo" }
        let answers = Set(names.map(routes.routesLoopback))
        return answers == [false] ? .yes : answers == [true] ? .no : .open
    }
}
