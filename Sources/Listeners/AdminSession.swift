/// A connection over which somebody works on this host.
public struct AdminSession: Hashable, Sendable {
    /// The address that it comes from.
    public var client: Listener.Address
    /// This host's end.
    public var server: Endpoint
    /// The interface that its packets arrive on; `nil` where that is not known.
    public var interface: String?
    /// The index of that interface; 0 where it is not known.
    public var interfaceIndex: UInt32
    /// Whether the connection is there; else somebody came by it, and would come again.
    public var isEstablished: Bool

    /// A session of these parts.
    public init(
        client: Listener.Address, server: Endpoint, interface: String? = nil, interfaceIndex: UInt32 = 0,
        isEstablished: Bool = true
    ) {
        self.client = client
        self.server = server
        self.interface = interface
        self.interfaceIndex = interfaceIndex
        self.isEstablished = isEstablished
    }
}

/// Who works on this host over the network, as far as could be found out.
public struct AdminSessions: Hashable, Sendable {
    /// Their connections; none for somebody at the console, and for what a timer starts.
    public var sessions: [AdminSession]
    /// Why there may be more; `nil` if there are not.
    public var doubt: String?

    /// AdminSessions of these sessions.
    public init(sessions: [AdminSession] = [], doubt: String? = nil) {
        self.sessions = sessions
        self.doubt = doubt
    }
}
