internal import Addressing
internal import Listeners
internal import Reachability

extension Routes {
    /// The routes of a host; each is asked of the kernel when a verdict depends on it.
    init(_ network: any HostNetwork) {
        let interfaces = network.interfaces
        let names = Dictionary(interfaces.map { ($0.index, $0) }) { first, _ in first }
        let indices = Dictionary(interfaces.map { ($0.name, $0.index) }) { first, _ in first }
        self.init(
            indices: indices,
            kinds: Dictionary(interfaces.compactMap { each in each.kind.map { (each.name, $0) } }) { first, _ in first },
            containerBridges: Set(interfaces.containerBridges.map(\.name)),
            output: { question in
                guard let route = network.output(question, on: indices[question.interface]) else { return nil }
                return Output(
                    name: route.interface, index: route.interfaceIndex, kind: names[route.interfaceIndex]?.kind)
            },
            arrivals: {
                network.reached.reduce(into: [:]) { all, reached in
                    if let interface = names[reached.key] { all[interface.name] = reached.value }
                }
            })
    }
}

extension HostNetwork {
    /// The route of a forwarded packet; `nil` if it depends on something that is not known of the packet.
    fileprivate func output(_ question: Routes.Question, on interface: UInt32?) -> ReturnRoute? {
        let selectors = selectors(question.family)
        let isOpen =
            selectors.contains(.other) || selectors.contains(.mark) && question.hasMark
            || selectors.contains(.source) && question.source == nil
            || selectors.contains(.interface) && interface == nil
        guard !isOpen else { return nil }
        func address(_ value: UInt128) -> IPAddress {
            question.family == .ipv4 ? .ipv4(UInt32(truncatingIfNeeded: value)) : .ipv6(value)
        }
        let source = question.source.map(address)
        let asked = RouteQuestion(
            to: address(question.destination), from: source, on: source == nil ? nil : interface)
        guard let route = route(asked), !route.isLocal else { return nil }
        return route
    }
}
