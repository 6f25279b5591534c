internal import CMnl
public import Listeners

/// The way back to those who come.
public enum ReturnRoute {
    /// The name of the interface that packets to an address leave by, from the network namespace of the calling thread;
    /// `nil` where there is no way.
    public static func interface(to address: Listener.Address) -> String? {
        guard let route = Route.lookUp(address) else { return nil }
        var names = InterfaceNames()
        return names[route.interfaceIndex]
    }
}
