/// The route that packets to an address take: what comes from there arrives on the same interface, unless routing is
/// asymmetric.
public struct ReturnRoute: Hashable, Sendable {
    /// Whether the address is this host's own.
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
