internal import Addressing
internal import Listeners

/// What sshd tells the programs of a session in SSH_CONNECTION: ssh(1), ENVIRONMENT.
struct SSHConnection: Hashable {
    /// The client's end.
    let client: Endpoint
    /// This host's end.
    let server: Endpoint
    /// The interface that a link-local client is behind.
    let interface: String?

    /// Reads `198.51.100.7 50122 192.0.2.1 22`; `nil` for anything else, such as sshd's `UNKNOWN`.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 4, let clientPort = UInt16(words[1]), let serverPort = UInt16(words[3]),
            let client = Self.address(words[0]), let server = Self.address(words[2])
        else { return nil }
        self.client = Endpoint(client, clientPort)
        self.server = Endpoint(server, serverPort)
        interface = Self.zone(words[0]) ?? Self.zone(words[2])
    }

    /// The address without its zone, RFC 4007 11.
    private static func address(_ text: Substring) -> Listener.Address? {
        let address = text.prefix { $0 != "%" }
        guard !address.contains(where: { "/-".contains($0) }) else { return nil }
        switch try? AddressRange(String(address)) {
        case .ipv4(let range)?: return .ipv4(range.lowerBound)
        case .ipv6(let range)?: return .ipv6(range.lowerBound)
        case nil: return nil
        }
    }

    private static func zone(_ text: Substring) -> String? {
        text.firstIndex(of: "%").map { String(text[text.index(after: $0)...]) }
    }
}
