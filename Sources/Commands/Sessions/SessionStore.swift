public import Listeners

/// The sessions of a host as commands need them: those of the network namespace whose ruleset was opened last.
public protocol SessionStore {
    /// What is known of connections.
    func read() throws(StoreError) -> SessionList
    /// The interface by which an address is reached, and by which it is taken to come in; `nil` if there is none.
    func interface(to address: Listener.Address) -> String?
    /// The same sessions with those who hold their sockets.
    func owners(of sessions: [Session]) throws(StoreError) -> [Session]
    /// Ends sessions, so that no byte passes any more in either direction, whoever speaks next.
    ///
    /// - Returns: those of which this is not certain, since their server may speak on: it could not be found.
    func end(_ sessions: [Session]) throws(StoreError) -> [Session]
}

/// A host without sessions.
public struct NoSessions: SessionStore {
    /// No sessions.
    public init() {}

    /// Nothing.
    public func read() -> SessionList { SessionList() }

    /// None.
    public func interface(to _: Listener.Address) -> String? { nil }

    /// The sessions as they are.
    public func owners(of sessions: [Session]) -> [Session] { sessions }

    /// Nothing to end.
    public func end(_: [Session]) -> [Session] { [] }
}
