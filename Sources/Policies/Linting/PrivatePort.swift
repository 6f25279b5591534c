internal import Addressing

/// A port of a program that is hardly ever meant for every client.
struct PrivatePort {
    /// The protocols.
    let transports: [TransportProtocol]
    /// The port.
    let number: UInt16
    /// The program, and what its clients can do.
    let program: String

    /// The ports, from the documentation of the programs.
    static let all: [PrivatePort] = [
        PrivatePort(23, "telnet, which sends passwords unencrypted"), PrivatePort([.tcp, .udp], 111, "rpcbind"),
        PrivatePort([.udp], 161, "SNMP"), PrivatePort(445, "SMB"), PrivatePort(873, "rsync"),
        PrivatePort(1433, "SQL Server"), PrivatePort(1521, "Oracle"), PrivatePort(2049, "NFS"),
        PrivatePort(2375, "Docker's API, which gives root to its clients"), PrivatePort(2379, "etcd"),
        PrivatePort(2380, "etcd"), PrivatePort(3306, "MySQL"), PrivatePort(5432, "PostgreSQL"),
        PrivatePort(5900, "VNC"),
        PrivatePort(5984, "CouchDB"), PrivatePort(6379, "Redis"),
        PrivatePort(8086, "InfluxDB"), PrivatePort(9042, "Cassandra"), PrivatePort(9200, "Elasticsearch"),
        PrivatePort(9300, "Elasticsearch"), PrivatePort(10250, "the kubelet, which runs commands in containers"),
        PrivatePort([.tcp, .udp], 11211, "memcached"), PrivatePort(27017, "MongoDB"),
    ]

    /// Longer ranges are about other ports.
    private static let longestRange = 16

    private init(_ transports: [TransportProtocol] = [.tcp], _ number: UInt16, _ program: String) {
        (self.transports, self.number, self.program) = (transports, number, program)
    }

    private init(_ number: UInt16, _ program: String) { self.init([.tcp], number, program) }

    /// Whether the ports of a service are about this one.
    func isMeant(by port: ServicePort) -> Bool {
        transports.contains(port.transport) && port.range.count <= Self.longestRange && port.range.contains(number)
    }
}
