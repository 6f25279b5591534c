public import Addressing

extension TransportProtocol {
    /// The protocol of the command line: `esp`, or `50`; `nil` if there is none.
    ///
    /// Names are looked up in `protocolsDatabase`, protocols(5).
    public init?(named text: String, protocolsDatabase: String = "/etc/protocols", files: any PolicyFiles) {
        let number = UInt8(text) ?? ProtocolsDatabase(path: protocolsDatabase, in: files).number(of: text)
        guard let number = number ?? Self(name: text)?.rawValue else { return nil }
        self.init(rawValue: number)
    }

    /// The name in `protocolsDatabase` that is most similar to `name`; `nil` if none is similar.
    public static func nearest(
        to name: String, protocolsDatabase: String = "/etc/protocols", files: any PolicyFiles
    ) -> String? {
        let entries = ProtocolsDatabase(path: protocolsDatabase, in: files).entries
        guard case .success(let numbers) = entries else { return nil }
        return Spelling.nearest(to: name, among: numbers.keys.sorted())
    }
}

/// A port of the command line.
public struct NamedPort: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The port in host byte order, never 0.
    public var port: UInt16

    /// Parses `22/tcp`, `tcp/22`, `ssh` or `domain/udp`; without a protocol, TCP.
    ///
    /// Port names are looked up in the file `servicesDatabase`, services(5). `nil` if there is no such port or protocol.
    public init?(_ text: String, servicesDatabase: String = "/etc/services", files: any PolicyFiles) {
        var parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, TransportProtocol(name: parts[0])?.hasPorts == true { parts.swapAt(0, 1) }
        guard (1...2).contains(parts.count), let name = parts.first,
            let transport = TransportProtocol(name: parts.count == 2 ? parts[1] : TransportProtocol.tcp.name)
        else { return nil }
        self.transport = transport
        if name.allSatisfy(\.isNumber) {
            guard let number = UInt16(name), number > 0, !name.hasPrefix("0") else { return nil }
            port = number
        } else {
            guard case .port(let number) = ServicesDatabase(path: servicesDatabase, in: files).find(name, transport)
            else {
                return nil
            }
            port = number
        }
    }

    /// The name of a TCP port that is most similar to `name`; `nil` if none is similar.
    public static func nearest(
        to name: String, servicesDatabase: String = "/etc/services", files: any PolicyFiles
    ) -> String? {
        guard case .unknown(let nearest) = ServicesDatabase(path: servicesDatabase, in: files).find(name, .tcp) else {
            return nil
        }
        return nearest
    }
}
