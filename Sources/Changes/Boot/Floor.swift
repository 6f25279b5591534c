internal import Addressing
internal import Policies

/// The ports that are open if a boot cannot load the confirmed table.
public enum Floor: String, CaseIterable, Sendable {
    /// TCP port 22 from any address, for a repair over SSH.
    case ssh
    /// No port: the repair needs the console.
    case closed

    /// The floor in words.
    public var text: String {
        switch self {
        case .ssh: "only tcp/22 is open"
        case .closed: "no port is open"
        }
    }

    /// The policy of the floor.
    var policy: Policy {
        guard self == .ssh else { return Policy() }
        let place = SourceLocation(file: "floor", line: 1, column: 1)
        let ssh = Service(
            name: "ssh", location: place, ports: [ServicePort(transport: .tcp, range: 22...22, location: place)],
            sources: SourceList(location: place, entries: ["any"], addresses: .any),
            why: "The floor: the confirmed ruleset could not be loaded")
        return Policy(services: [ssh])
    }
}
