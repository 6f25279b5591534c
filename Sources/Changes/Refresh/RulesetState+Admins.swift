internal import Addressing
internal import Listeners
internal import System

extension RulesetState {
    /// New connections by SSH from the address of the person who made the last change that was confirmed.
    ///
    /// A timer has no session of its own that could be protected.
    func lastAdmins() throws -> [AdminSession] {
        let entry = try log.entries().last { $0.outcome == .confirmed }
        let client = try entry.flatMap { ChangeRecord.client(of: try log.document($0)) }
        guard let text = client, let range = try? AddressRange(text), let address = IPAddress(range) else { return [] }
        let anywhere: IPAddress = address.family == .ipv4 ? .ipv4(0) : .ipv6(0)
        let ports = host.sshPorts()
        return (ports.isEmpty ? [22] : ports).map { port in
            AdminSession(client: address, server: Endpoint(anywhere, port), isEstablished: false)
        }
    }
}
