public import Addressing
public import Listeners
public import System

/// The sessions of the network namespace that the calling thread is in.
public protocol SessionStore {
    /// What is known of connections.
    func read() throws(KernelError) -> SessionList
    /// The interface by which an address is reached, and by which it is taken to come in; `nil` if there is none.
    func interface(to address: IPAddress) -> String?
    /// The same sessions with those who hold their sockets.
    func owners(of sessions: [Session]) throws(KernelError) -> [Session]
    /// Ends sessions, so that no byte passes any more in either direction, whoever speaks next.
    ///
    /// - Returns: those of which this is not certain, since their server may speak on: it could not be found.
    func end(_ sessions: [Session]) throws(KernelError) -> [Session]
}
