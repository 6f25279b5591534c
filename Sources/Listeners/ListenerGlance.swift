internal import Addressing

/// The listeners of a host as far as a quick look shows whether they are others than before.
public struct ListenerGlance: Equatable, Sendable {
    private let sockets: Set<Listener>

    /// The listeners, without the datagram sockets on ports that the kernel gives to clients: those of resolvers come and go.
    public init(_ listeners: [Listener], clients: ClosedRange<UInt16>?) {
        sockets = Set(listeners.lazy.filter { $0.transport == .tcp || clients?.contains($0.port) != true })
    }
}
