/// The route to an address.
///
/// Unless routing is asymmetric, packets from the address arrive on the same interface.
public struct ReturnRoute: Hashable, Sendable {
    /// Whether the address belongs to this host.
    public var isLocal: Bool
    /// The name of the interface; `lo` for an address of this host.
    public var interface: String
    /// The index of the interface.
    public var interfaceIndex: UInt32

    /// A route of these parts.
    public init(isLocal: Bool, interface: String, interfaceIndex: UInt32) {
        self.isLocal = isLocal
        self.interface = interface
        self.interfaceIndex = interfaceIndex
    }
}
