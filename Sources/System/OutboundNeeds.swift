public import Addressing

/// The servers that the configuration of this host names, and that it needs besides those of its services.
public struct OutboundNeeds: Equatable, Sendable {
    /// A server by address or by name.
    public struct Server: Hashable, Sendable {
        /// The name or the address as written.
        public var name: String
        /// The protocol.
        public var transport: TransportProtocol
        /// The port.
        public var port: UInt16
        /// The file that names it.
        public var file: String

        /// A server of these parts.
        public init(name: String, transport: TransportProtocol, port: UInt16, file: String) {
            (self.name, self.transport, self.port, self.file) = (name, transport, port, file)
        }

        /// The address; `nil` for a name.
        public var address: IPAddress? { (try? AddressRange(name)).flatMap(IPAddress.init) }
    }

    /// The servers for names, of resolv.conf(5), without this host's own.
    public var resolvers: [Server] = []
    /// The time servers.
    public var timeServers: [Server] = []
    /// The mirrors of apt, or its proxy.
    public var mirrors: [Server] = []
    /// The sources of accounts in nsswitch.conf(5) that ask servers, such as `sss` and `ldap`.
    public var accountSources: [String] = []

    /// Needs of a host whose configuration names nothing.
    public init() {}

    /// The needs of this host; a file that cannot be read names nothing.
    public static func ofThisHost() -> OutboundNeeds { OutboundNeeds(text: HostTree.text, names: HostTree.names) }

    /// The needs of a host.
    ///
    /// - Parameters:
    ///   - text: the text of a file; `nil` if there is none.
    ///   - names: the names in a directory.
    init(text: (_ path: String) -> String?, names: (_ directory: String) -> [String]) {
        resolvers = Self.resolvers(text)
        timeServers = Self.timeServers(text, names)
        mirrors = Self.mirrors(text, names)
        accountSources = Self.accountSources(text("/etc/nsswitch.conf") ?? "")
    }

    /// A stub of systemd-resolved leads to the servers in its own file.
    private static func resolvers(_ text: (String) -> String?) -> [Server] {
        let files = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]
        for file in files {
            let servers = Resolvers.addresses(in: text(file) ?? "").filter { !$0.isLoopback }
            guard servers.isEmpty else {
                return servers.map { Server(name: "\($0)", transport: .udp, port: 53, file: file) }
            }
        }
        return []
    }

    private static func timeServers(_ text: (String) -> String?, _ names: (String) -> [String]) -> [Server] {
        let chrony = "/etc/chrony/sources.d"
        let files =
            ["/etc/chrony/chrony.conf", "/etc/chrony.conf", "/etc/ntp.conf", "/etc/ntpsec/ntp.conf"]
            + names(chrony).map { "\(chrony)/\($0)" }
        let listed = files.flatMap { file in
            words(of: text(file)).filter { ["server", "pool", "peer"].contains($0[0]) && $0.count > 1 }.map {
                ($0[1], file)
            }
        }
        let drops = "/etc/systemd/timesyncd.conf.d"
        let synced = (["/etc/systemd/timesyncd.conf"] + names(drops).map { "\(drops)/\($0)" }).flatMap { file in
            words(of: text(file)).flatMap { line -> [(String, String)] in
                guard let first = line.first, first.hasPrefix("NTP=") else { return [] }
                return ([String(first.dropFirst(4))] + line.dropFirst()).filter { !$0.isEmpty }.map { ($0, file) }
            }
        }
        return (listed + synced).map { Server(name: $0, transport: .udp, port: 123, file: $1) }
    }

    private static func mirrors(_ text: (String) -> String?, _ names: (String) -> [String]) -> [Server] {
        let directory = "/etc/apt/sources.list.d"
        let files = ["/etc/apt/sources.list"] + names(directory).map { "\(directory)/\($0)" }
        var found: [Server] = []
        for file in files {
            for line in words(of: text(file)) where ["deb", "deb-src", "URIs:"].contains(line[0]) {
                for server in line.compactMap({ server($0, file) }) where !found.contains(server) {
                    found.append(server)
                }
            }
        }
        return found
    }

    /// The server of a URL; `nil` for other words.
    private static func server(_ url: String, _ file: String) -> Server? {
        let ports: [(scheme: String, port: UInt16)] = [("http://", 80), ("https://", 443), ("ftp://", 21)]
        guard let (scheme, usual) = ports.first(where: { url.hasPrefix($0.scheme) }) else { return nil }
        let place = url.dropFirst(scheme.count).prefix { $0 != "/" }.split(separator: "@").last ?? ""
        let parts = place.split(separator: ":")
        guard let name = parts.first, !place.hasPrefix("[") else { return nil }
        let port = parts.count == 2 ? UInt16(parts[1]) : usual
        return port.map { Server(name: String(name), transport: .tcp, port: $0, file: file) }
    }

    private static func accountSources(_ text: String) -> [String] {
        let remote = ["sss", "ldap", "winbind", "nis", "nisplus"]
        var found: [String] = []
        for line in words(of: text) where ["passwd:", "group:", "shadow:", "sudoers:"].contains(line[0]) {
            for word in line.dropFirst() where remote.contains(word) && !found.contains(word) { found.append(word) }
        }
        return found
    }

    /// The words of each line, without comments and empty lines.
    private static func words(of text: String?) -> [[String]] {
        (text ?? "").split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
            return words.isEmpty ? nil : words
        }
    }
}
