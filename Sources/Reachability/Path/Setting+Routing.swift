internal import Addressing

extension Setting {
    /// Whether the kernel drops a redirected packet in this state when it routes it: one for another host if this host
    /// forwards none, one for a loopback address that came from another host.
    func loses(_ state: PacketState) -> Certainty {
        guard let routes = circumstances.routes, circumstances.addresses != nil, interfaceName != "lo",
            let destination = state.destination?.constants
        else { return .no }
        if state.isForwarded { return Certainty(!routes.forwards(family)) }
        guard family == .ipv4, destination.first == 127 else { return .no }
        let isKnown = routes.indices[interfaceName] != nil
        let names = isKnown ? [interfaceName] : routes.indices.keys.filter { $0 != "lo" }
        let answers = Set(names.map(routes.routesLoopback))
        return answers == [false] ? .yes : answers == [true] ? .no : .open
    }
}
