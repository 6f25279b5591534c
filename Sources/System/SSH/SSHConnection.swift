internal import Addressing
public import Listeners

/// The value of SSH_CONNECTION, which sshd sets for the programs of a session: ssh(1), ENVIRONMENT.
public struct SSHConnection: Hashable, Sendable {
    /// The client's address and port.
    public let client: Endpoint
    /// This host's address and port.
    public let server: Endpoint
    /// The interface of a link-local client.
    public let interface: String?

    /// Parses `198.51.100.7 50122 192.0.2.1 22`; `nil` for anything else, such as sshd's `UNKNOWN`.
    public init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 4, let clientPort = UInt16(words[1]), let serverPort = UInt16(words[3]),
            let client = Self.address(words[0]), let server = Self.address(words[2])
        else { return nil }
        self.client = Endpoint(client, clientPort)
        self.server = Endpoint(server, serverPort)
        interface = Self.zone(words[0]) ?? Self.zone(words[2])
    }

    /// The client's address, with its zone where it is link-local.
    public var clientText: String { "\(client.address)\(interface.map { "%\($0)" } ?? "")" }

    /// The address without its zone, RFC 4007 11.
    private static func address(_ text: Substring) -> IPAddress? {
        let address = text.prefix { $0 != "%" }
        guard !address.contains(where: { "/-".contains($0) }) else { return nil }
        return (try? AddressRange(String(address))).flatMap { IPAddress($0) }
    }

    private static func zone(_ text: Substring) -> String? {
        text.firstIndex(of: "%").map { String(text[text.index(after: $0)...]) }
    }
}
