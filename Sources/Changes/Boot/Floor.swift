internal import Addressing
internal import Policies

/// What is open when a boot cannot load what was confirmed.
public enum Floor: String, CaseIterable, Sendable {
    /// Port 22 of TCP, to everybody, so that somebody can mend it from afar.
    case ssh
    /// Nothing: somebody has to come to the console.
    case closed

    /// What it amounts to.
    public var text: String {
        switch self {
        case .ssh: "nothing but tcp/22 is open"
        case .closed: "nothing is open"
        }
    }

    /// The policy that it amounts to.
    var policy: Policy {
        guard self == .ssh else { return Policy() }
        let place = SourceLocation(file: "floor", line: 1, column: 1)
        let ssh = Service(
            name: "ssh", location: place, ports: [ServicePort(transport: .tcp, range: 22...22, location: place)],
            sources: SourceList(location: place, entries: ["any"], addresses: .any),
            why: "The floor: what was confirmed could not be loaded")
        return Policy(services: [ssh])
    }
}
