public import Addressing
public import Policies
public import Rulesets

/// An entry of a service that was read back.
public struct DecompiledEntry: Hashable, Sendable {
    /// The sources that may connect.
    public var sources = AddressSet()
    /// The interfaces on which it is open, as a policy writes them; empty for all.
    public var interfaces: [String] = []
    /// The limit of new connections from one source; `nil` for no limit.
    public var limit: RateLimit?
    /// Whether all sources share the limit.
    public var sharesLimit = false
    /// The most connections at once from one source; `nil` for no limit.
    public var connections: UInt32?
    /// Whether each connection is logged.
    public var isLogged = false
    /// The numbers of the users whose sockets a line of `outbound` is about; empty for all.
    public var users: [UInt32] = []
    /// The time at which it closes, in seconds since 1970-01-01T00:00:00Z; `nil` for never.
    public var expires: Int64?
    /// Why, owner and ticket, as in the comment of the rules.
    public var comment: String?

    /// An entry without sources.
    init() {}
}

/// A service that was read back from the chains and maps of a table.
public struct DecompiledService: Hashable, Sendable {
    /// A port, or a range of ports, of one protocol.
    public struct Port: Hashable, Sendable {
        /// The protocol.
        public var transport: TransportProtocol
        /// The ports in host byte order, both ends included.
        public var range: ClosedRange<UInt16>
        /// The addresses of the host at which it is the service's; `nil` for all.
        public var addresses: AddressSet?
    }

    /// The name.
    public var name: String
    /// The ports, sorted by protocol and number.
    public var ports: [Port] = []
    /// Who may connect, in the order in which the entries are tried: at least one.
    public var entries = [DecompiledEntry()]
    /// Where its connections go; `nil` for a service of this host itself.
    public var forwarding: DecompiledForwarding?
    /// Rules that the compiler does not make; the other properties do not describe them.
    public var foreign: [Rule] = []

    /// A service with this name that is closed to all sources.
    init(name: String) { self.name = name }

    /// The addresses of the host at which clients reach it; `nil` for all.
    public var destinations: AddressSet? { ports.first?.addresses }

    /// The sources that some entry lets in, whatever its other conditions.
    public var sources: AddressSet {
        entries.count == 1 ? entries[0].sources : entries.reduce(AddressSet()) { $0.union($1.sources) }
    }
}

/// A policy that was read back from a table.
public struct DecompiledPolicy: Hashable, Sendable {
    /// The services, sorted by name.
    public var services: [DecompiledService] = []
    /// The entries of `trusted` as services without ports, sorted by name.
    public var trusted: [DecompiledService] = []
    /// The entries of `masquerade`, sorted by name.
    public var masquerades: [DecompiledMasquerade] = []
    /// The lines of `outbound` as services whose sources are the destinations, sorted by name.
    public var outbound: [DecompiledService] = []
    /// What becomes of connections that no line of `outbound` lets out.
    public var outboundMode = Defaults.Outbound.accept
    /// The sources of `deny`.
    public var denied = AddressSet()
    /// Rules outside the services that the compiler does not make, each with its chain.
    public var foreign: [String] = []

    /// Reads `table` back; a policy without services for `nil`.
    public init(_ table: Table?) {
        guard let table else { return }
        var reading = Decompilation(table)
        reading.readChains()
        reading.readPorts()
        services = reading.services.values.sorted { $0.name < $1.name }
        trusted = reading.trusted.sorted { $0.key < $1.key }.map { name, entry in
            var service = DecompiledService(name: name)
            service.entries = [entry]
            return service
        }
        masquerades = reading.masquerades.values.sorted { $0.name < $1.name }
        reading.readOutbound()
        outbound = reading.lines.values.sorted { $0.name < $1.name }
        outboundMode = table.outboundMode
        denied = reading.denied
        foreign = reading.foreign
    }
}
