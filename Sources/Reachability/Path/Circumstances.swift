public import Addressing

/// The conditions outside the ruleset under which packets are evaluated.
public struct Circumstances: Sendable {
    /// An assumption about limits.
    public enum Limits: Hashable, Sendable {
        /// The client is within all limits, like one that connects for the first time in a while.
        case kept
        /// The client may exceed limits: a verdict that depends on one is unknown.
        case either
    }

    /// The time in seconds since 1970-01-01T00:00:00Z; if `nil`, a verdict that depends on it is unknown.
    public var now: Int64?
    /// The assumption about limits.
    public var limits: Limits
    /// The indices of interfaces, by name; `lo` has index 1 in every network namespace.
    public var interfaceIndices: [String: UInt32]
    /// The addresses of this host, the possible destinations; if `nil`, a verdict that depends on them is unknown.
    public var addresses: AddressSet?
    /// The routes of this host; if `nil`, a verdict that depends on them is unknown.
    public var routes: Routes?
    /// Whether each address of a host with few of them is a class of destinations of its own, whatever the rules distinguish:
    /// then a rule about one of them makes nothing unknown.
    public var tellsAddressesApart = false

    /// Circumstances of these parts.
    public init(
        now: Int64?, limits: Limits = .kept, interfaceIndices: [String: UInt32] = [:], addresses: AddressSet? = nil,
        routes: Routes? = nil
    ) {
        self.now = now
        self.limits = limits
        self.interfaceIndices = interfaceIndices
        self.addresses = addresses
        self.routes = routes
    }
}
