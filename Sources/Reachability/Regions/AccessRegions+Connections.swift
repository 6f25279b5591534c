public import Addressing

extension AccessRegions {
    /// On which interfaces a connection would be refused for certain.
    public enum Refusal: Hashable, Sendable {
        /// On none.
        case nowhere
        /// On some: the interface decides.
        case somewhere
        /// On all.
        case everywhere
    }

    /// Whether a connection from an address would be refused for certain.
    ///
    /// - Parameters:
    ///   - transport: the protocol.
    ///   - port: the port that is dialled.
    ///   - family: the family of the source.
    ///   - source: the address: the number that it spells.
    ///   - interface: the name of the interface that it comes in by; `nil` for all but `lo`.
    /// - Returns: on which of these.
    public func refusal(
        _ transport: TransportProtocol, port: UInt16, family: AddressFamily, source: UInt128, interface: String?
    ) -> Refusal {
        let known = keys.filter { $0.family == family && $0.transport == transport }
        let fitting = interface.map { known.fitting($0) } ?? known.filter { $0.interface != .loopback }
        let count = fitting.count { verdict($0, port: port, source: source) == .refuse }
        return count == 0 ? .nowhere : count < fitting.count ? .somewhere : .everywhere
    }
}

extension [AccessRegions.Key] {
    /// Those of the class that an interface is of: its own name's, the longest start's, or the rest's.
    fileprivate func fitting(_ name: String) -> Self {
        func length(_ kind: InterfaceClass.Kind) -> Int? {
            switch kind {
            case .named(let exact): exact == name ? .max : nil
            case .prefixed(let start): name.hasPrefix(start) ? start.count : nil
            case .other: 0
            }
        }
        let best = compactMap { length($0.interface.kind) }.max()
        return filter { length($0.interface.kind) == best && best != nil }
    }
}
