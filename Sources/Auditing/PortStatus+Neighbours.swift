internal import Addressing
internal import Listeners
internal import Reachability

extension [PortStatus] {
    /// The ports in order, in which neighbours that no policy declares and that are alike are one range.
    ///
    /// `name` is what a reader sees of the listeners of a port, which the ports of a range have in common.
    public func foldingNeighbours(by name: (PortStatus) -> String) -> [PortStatus] {
        reduce(into: []) { rows, row in
            if let last = rows.last, last.precedes(row), name(last) == name(row) {
                rows[rows.count - 1].absorb(row)
            } else {
                rows.append(row)
            }
        }
    }
}

extension PortStatus {
    /// Whether a port, or a range of ports, is followed by one that differs in the number alone.
    fileprivate func precedes(_ next: PortStatus) -> Bool {
        guard transport == next.transport, transport?.hasPorts == true, isStranger, next.isStranger,
            Int(ports.upperBound) + 1 == Int(next.ports.lowerBound)
        else { return false }
        return exposure == next.exposure && access == next.access && containers == next.containers
            && Set(published.map(\.rule.table)) == Set(next.published.map(\.rule.table))
            && Set(listeners.flatMap(\.families)) == Set(next.listeners.flatMap(\.families))
    }

    /// Whether the policy does not declare the port, and clients reach it, or may.
    public var isOpenStranger: Bool { isAsDeclared == nil && [.reachable, .unknown].contains(exposure) }

    /// Whether the policy does not declare the port, and no client reaches it.
    public var isShutStranger: Bool { isStranger && access.isEmpty && exposure == .shielded }

    /// Whether the port is not what the policy says: open without a service, or with a service that is not loaded as declared.
    public var isAmiss: Bool { isOpenStranger || loaded == .no || loaded == .changed }

    /// Whether neither the policy nor the loaded table is about the port.
    private var isStranger: Bool { service == nil && trusted == nil && loaded == nil && name == nil }

    fileprivate mutating func absorb(_ next: PortStatus) {
        ports = ports.lowerBound...next.ports.upperBound
        listeners += next.listeners
        published += next.published
        foldedPorts = (foldedPorts ?? 1) + 1
    }
}
