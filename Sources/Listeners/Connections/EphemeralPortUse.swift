public import Addressing

/// The local ports that connections from one address of this host to one destination use.
///
/// Each connection to the same destination needs a port of its own; when none is left, connect(2) fails with
/// EADDRNOTAVAIL.
public struct EphemeralPortUse: Hashable, Sendable {
    /// The connections whose local ports must differ.
    public struct Group: Hashable, Sendable {
        /// The protocol.
        public var transport: TransportProtocol
        /// The address of this host.
        public var source: IPAddress
        /// The destination.
        public var destination: Endpoint

        /// A group of these parts.
        public init(_ transport: TransportProtocol, from source: IPAddress, to destination: Endpoint) {
            self.transport = transport
            self.source = source
            self.destination = destination
        }
    }

    /// The connections.
    public var group: Group
    /// The number of ports in use, also by connections that were closed within the last minute.
    public var used: Int
    /// The number of ephemeral ports that are not reserved.
    public var available: Int

    /// From this share of the ports on it is worth a warning, in percent.
    private static let threshold = 80

    /// Whether few ports are left.
    public var isScarce: Bool { used * 100 >= available * Self.threshold }
}

extension EphemeralPorts {
    /// The number of ports that are not reserved.
    public var count: Int {
        IntervalSet([range]).subtracting(reserved).ranges.reduce(0) { $0 + $1.count }
    }
}
