public import Addressing

extension AccessRegions {
    /// Whether a connection from an address would be refused for certain.
    ///
    /// - Parameters:
    ///   - transport: the protocol.
    ///   - port: the port that is dialled.
    ///   - family: the family of the source.
    ///   - source: the address: the number that it spells.
    ///   - interface: the name of the interface that it comes in by; where that is `nil`, all but `lo` must refuse it.
    /// - Returns: `false` where it gets in, or may do so.
    public func refuses(
        _ transport: TransportProtocol, port: UInt16, family: AddressFamily, source: UInt128, interface: String?
    ) -> Bool {
        let known = keys.filter { $0.family == family && $0.transport == transport }
        let fitting = interface.map { known.fitting($0) } ?? known.filter { $0.interface != .loopback }
        return !fitting.isEmpty && fitting.allSatisfy { verdict($0, port: port, source: source) == .refuse }
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
