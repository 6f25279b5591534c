public import Addressing

/// The ports that the kernel assigns to clients: `ip_local_port_range` without `ip_local_reserved_ports`.
///
/// The sysctls are described in `Documentation/networking/ip-sysctl.rst` of the kernel.
public struct EphemeralPorts: Hashable, Sendable {
    /// The range.
    public var range: ClosedRange<UInt16>
    /// The ports of the range that are never assigned to clients.
    public var reserved: IntervalSet<UInt16>

    /// A range of ports with exceptions.
    public init(range: ClosedRange<UInt16>, reserved: IntervalSet<UInt16> = IntervalSet()) {
        self.range = range
        self.reserved = reserved
    }

    /// Whether the kernel may assign one of `ports` to a client.
    public func contains(_ ports: ClosedRange<UInt16>) -> Bool {
        !IntervalSet([ports]).intersection(IntervalSet([range])).subtracting(reserved).isEmpty
    }
}
