public import Addressing

/// What holds while packets are evaluated.
public struct Circumstances: Hashable, Sendable {
    /// What is taken of limits.
    public enum Limits: Hashable, Sendable {
        /// The client keeps them, as one does that connects for the first time in a while.
        case kept
        /// They may be kept or not: what depends on one is unknown.
        case either
    }

    /// The time in seconds since 1970-01-01T00:00:00Z; `nil` makes what depends on it unknown.
    public var now: Int64?
    /// What is taken of limits.
    public var limits: Limits
    /// The index of each interface that is known; `lo` has 1 in every network namespace.
    public var interfaceIndices: [String: UInt32]
    /// The addresses of this host, to one of which the packets are sent; `nil` makes what depends on that unknown.
    public var addresses: AddressSet?

    /// Circumstances of these parts.
    public init(
        now: Int64?, limits: Limits = .kept, interfaceIndices: [String: UInt32] = [:], addresses: AddressSet? = nil
    ) {
        self.now = now
        self.limits = limits
        self.interfaceIndices = interfaceIndices
        self.addresses = addresses
    }
}
