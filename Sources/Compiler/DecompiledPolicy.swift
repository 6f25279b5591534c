public import Addressing
public import Rulesets

/// A service as a table has it, read back from its chains and maps.
public struct DecompiledService: Hashable, Sendable {
    /// A port, or a range of ports, of one protocol.
    public struct Port: Hashable, Sendable {
        /// The protocol.
        public var transport: TransportProtocol
        /// The ports, both ends included.
        public var range: ClosedRange<UInt16>
    }

    /// The name.
    public var name: String
    /// The ports, by protocol and number.
    public var ports: [Port] = []
    /// Who may reach it.
    public var sources = AddressSet()
    /// The interfaces it is open on, as a policy writes them; empty for all.
    public var interfaces: [String] = []
    /// How often one source may connect.
    public var limit: RateLimit?
    /// Whether each connection is logged.
    public var isLogged = false
    /// When it closes, in seconds since 1970-01-01T00:00:00Z.
    public var expires: Int64?
    /// Why, owner and ticket, as they travel in the kernel.
    public var comment: String?
    /// Rules that the compiler does not make: what they do is not told by the rest.
    public var foreign: [Rule] = []

    /// A service of this name, closed to all.
    init(name: String) { self.name = name }
}

/// What a table lets in, read back from the table itself.
public struct DecompiledPolicy: Hashable, Sendable {
    /// The services, by name.
    public var services: [DecompiledService] = []
    /// Who gets nothing.
    public var denied = AddressSet()
    /// Whether connections that are redirected to containers obey.
    public var enforcesPublished = false
    /// Rules outside the services that the compiler does not make, each with its chain.
    public var foreign: [String] = []

    /// What `table` lets in; nothing at all is loaded where it is `nil`.
    public init(_ table: Table?) {
        guard let table else { return }
        var reading = Decompilation(table)
        reading.readChains()
        reading.readPorts()
        services = reading.services.values.sorted { $0.name < $1.name }
        (denied, foreign) = (reading.denied, reading.foreign)
        enforcesPublished = table.chain(Names.published)?.base?.hook == .forward
    }
}
