internal import Addressing

/// A port with its protocol in another place or by another sign than in `22/tcp`, or with several protocols.
struct MisplacedProtocol {
    /// The predicate of the error.
    let fault: String
    /// The same as a policy writes it: `22/tcp`, or `[22/tcp, 22/udp]`.
    let repair: String

    /// `tcp/22`, `22 tcp`, `22:tcp`, `22/tcp/udp` and `22/tcp,udp`; `nil` for other texts.
    init?(_ text: String) {
        let words = text.split { "/ :,+".contains($0) }.map { $0.lowercased() }
        let names = TransportProtocol.withPorts.map(\.name)
        let ports = words.filter { !names.contains($0) }
        let protocols = words.filter(names.contains)
        guard let port = ports.first, ports.count == 1, !protocols.isEmpty, Self.isNumber(port),
            text.lowercased() != "\(port)/\(protocols[0])"
        else { return nil }
        let entries = protocols.map { "\(port)/\($0)" }
        guard entries.count == 1 else {
            fault = "is several ports: write a list"
            repair = "[\(entries.joined(separator: ", "))]"
            return
        }
        fault = words[0] == port ? "is not a port and a protocol" : "has the protocol before the port"
        repair = entries[0]
    }

    /// Whether it is `22` or `8000-8100`; a name may be that of a service with a protocol's name.
    private static func isNumber(_ port: String) -> Bool {
        let ends = port.split(separator: "-", omittingEmptySubsequences: false)
        return ends.count <= 2 && ends.allSatisfy { DecimalNumber.parse($0, maximum: 65535).map { $0 > 0 } ?? false }
    }
}
