internal import Addressing
internal import Policies

/// The ports that are open if a boot cannot load the confirmed table.
public enum Floor: String, CaseIterable, Sendable {
    /// TCP port 22 from any address, for a repair over SSH.
    case ssh
    /// The ports on which SSH servers listened when the last change was confirmed; before the first change, no floor.
    case recorded
    /// No port: the repair needs the console.
    case closed

    /// The port of SSH if no other is known.
    static let defaultPorts: [UInt16] = [22]

    /// The policy of a floor that opens these TCP ports to any address.
    static func policy(opening ports: [UInt16]) -> Policy {
        guard !ports.isEmpty else { return Policy() }
        let place = SourceLocation(file: "floor", line: 1, column: 1)
        let ssh = Service(
            name: "ssh", location: place,
            ports: ports.map { ServicePort(transport: .tcp, range: $0...$0, location: place) },
            sources: SourceList(location: place, entries: ["any"], addresses: .any),
            why: "The floor: the confirmed ruleset could not be loaded")
        return Policy(services: [ssh])
    }

    /// A floor with these ports in words.
    static func text(opening ports: [UInt16]) -> String {
        let list = ports.map { "tcp/\($0)" }.joined(separator: ", ")
        return ports.isEmpty ? "no port is open" : "only \(list) \(ports.count == 1 ? "is" : "are") open"
    }
}
