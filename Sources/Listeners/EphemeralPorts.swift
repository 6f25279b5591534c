public import Addressing

/// The ports that the kernel gives to clients, `ip_local_port_range` of ip-sysctl, less `ip_local_reserved_ports`.
public struct EphemeralPorts: Hashable, Sendable {
    /// The range.
    public var range: ClosedRange<UInt16>
    /// Ports of the range that are never given to clients.
    public var reserved: IntervalSet<UInt16>

    /// A range of ports with exceptions.
    public init(range: ClosedRange<UInt16>, reserved: IntervalSet<UInt16> = IntervalSet()) {
        self.range = range
        self.reserved = reserved
    }

    /// Whether a client may be given one of `ports`.
    public func contains(_ ports: ClosedRange<UInt16>) -> Bool {
        !IntervalSet([ports]).intersection(IntervalSet([range])).subtracting(reserved).isEmpty
    }
}
