public import Addressing

/// A port as a person names it on a command line.
public struct NamedPort: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The port, never 0.
    public var port: UInt16

    /// The port that `text` names, `nil` when it names none.
    ///
    /// It is `22/tcp`, `ssh` or `domain/udp`; without a protocol it is TCP's.
    public init?(_ text: String, servicesDatabase: String = "/etc/services") {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let name = parts.first,
            let transport = TransportProtocol(name: parts.count == 2 ? parts[1] : TransportProtocol.tcp.name)
        else { return nil }
        self.transport = transport
        if name.allSatisfy(\.isNumber) {
            guard let number = UInt16(name), number > 0, !name.hasPrefix("0") else { return nil }
            port = number
        } else {
            guard case .port(let number) = ServicesDatabase(path: servicesDatabase).find(name, transport) else {
                return nil
            }
            port = number
        }
    }
}
