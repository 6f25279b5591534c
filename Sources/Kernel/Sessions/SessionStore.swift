public import Addressing
public import Listeners
public import System

/// The sessions of the network namespace that the calling thread is in.
public protocol SessionStore {
    /// The connections of sockets and of conntrack.
    func read() throws(KernelError) -> SessionList
    /// All connections, also those that this host began or forwards.
    func connections() throws(KernelError) -> ConnectionList
    /// The destinations to which few local ports are left, from the sockets alone.
    func scarcePorts() throws(KernelError) -> [EphemeralPortUse]
    /// The connections with the processes that hold their sockets; a socket without a known holder has unknown owners.
    func owners(of connections: [LiveConnection]) -> [LiveConnection]
    /// The interface through which packets to an address leave and, presumably, arrive; `nil` if there is none.
    func interface(to address: IPAddress) -> String?
    /// The sessions with the processes that hold their sockets.
    func owners(of sessions: [Session]) throws(KernelError) -> [Session]
    /// Ends sessions, so that no byte passes in either direction, whichever side sends next.
    ///
    /// - Returns: the sessions that may continue: the socket of their server was not found, and what it sends may look to the client
    ///   like packets of the session.
    func end(_ sessions: [Session]) throws(KernelError) -> [Session]
}
