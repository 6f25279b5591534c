public import Addressing

/// The names of ports in the services database, services(5).
public struct PortNames {
    private let database: ServicesDatabase

    /// The names in a file, which is read when a name is first asked for.
    public init(servicesDatabase: String = "/etc/services", files: any PolicyFiles) {
        database = ServicesDatabase(path: servicesDatabase, in: files)
    }

    /// The name of a port; of several the first line's, as in `getservbyport(3)`; `nil` for none.
    public func name(_ transport: TransportProtocol, _ port: UInt16) -> String? { database.name(transport, port) }
}
