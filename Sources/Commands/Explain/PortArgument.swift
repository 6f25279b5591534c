internal import Addressing
internal import Policies
internal import System

/// A port of the command line: a number, a name of the services database, or a service of the policy.
struct PortArgument {
    let transport: TransportProtocol
    let port: UInt16

    /// A service of the policy comes before a name of the services database.
    init(_ text: String, of policy: Policy) throws(CommandError) {
        if let service = policy.services.first(where: { $0.name == text }) {
            (transport, port) = try service.onlyPort()
        } else if let named = NamedPort(text, files: TrustedFiles()) {
            (transport, port) = (named.transport, named.port)
        } else if let number = text.split(separator: "/").compactMap({ Int($0) }).first, !(1...65535).contains(number) {
            throw CommandError(.usage, "\"\(text)\" is not a port: ports are 1 to 65535")
        } else if let named = TransportProtocol(named: text, files: TrustedFiles()), !named.hasPorts, Int(text) == nil {
            throw CommandError(.usage, "\(text) has no ports: write \"--protocol \(text)\" for the port")
        } else if TransportProtocol.withPorts.map(\.name).contains(text.lowercased()) {
            let name = text.lowercased()
            throw CommandError(.usage, "\"\(text)\" is a protocol: write a port with it, such as 22/\(name)")
        } else if text.contains(",") {
            throw CommandError(.usage, "\"\(text)\" is more than one port: ask for one at a time, such as 22/tcp")
        } else {
            let nearest =
                Self.mended(text) ?? Spelling.nearest(to: text, among: policy.services.map(\.name))
                ?? NamedPort.nearest(to: text, files: TrustedFiles())
            let repair = nearest.map { ", did you mean \"\($0)\"?" } ?? ":"
            let forms = "22/tcp, 53/udp, a service of the policy, or a name from /etc/services"
            throw CommandError(.usage, "unknown port \"\(text)\"\(repair) write \(forms)")
        }
    }
}

extension PortArgument {
    /// The port with the protocol that was mistyped: `22/tcp` for `22/tpc` and `tpc/22`.
    private static func mended(_ text: String) -> String? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let number = parts.first(where: { UInt16($0) != nil }),
            let word = parts.first(where: { UInt16($0) == nil })
        else { return nil }
        let names = TransportProtocol.withPorts.map(\.name)
        return Spelling.nearest(to: word.lowercased(), among: names).map { "\(number)/\($0)" }
    }
}

extension Service {
    /// The port; fails if there are several.
    fileprivate func onlyPort() throws(CommandError) -> (TransportProtocol, UInt16) {
        if let first = ports.first, ports.count == 1, first.transport.hasPorts, first.range.count == 1 {
            return (first.transport, first.range.lowerBound)
        }
        let ports = ports.map { $0.transport.text($0.range) }.joined(separator: ", ")
        throw CommandError(.usage, "service \"\(name)\" has more than one port: write one of \(ports)")
    }
}
