internal import Addressing
internal import Auditing
internal import Policies
internal import System

/// The question that the words of the command line ask.
extension Explain {
    /// The source; an error about a group of the policy names an address of it.
    func client(on host: Host) throws(CommandError) -> IPAddress {
        do throws(CommandError) { return try AddressArgument(source).address } catch {
            let groups = namedPolicy.read(on: host).policy?.groups ?? []
            guard let group = groups.first(where: { $0.name == source }) else { throw error }
            let example = group.addresses.witness.map { ", such as \($0)" } ?? ""
            throw CommandError(.usage, "\"\(source)\" is a group: write one address of it\(example)")
        }
    }

    /// The address that the client dials, if it is named.
    private func dialled(by source: IPAddress) throws(CommandError) -> IPAddress? {
        guard let text = address else { return nil }
        let dialled = try AddressArgument(text).address
        guard dialled.family == source.family else {
            throw CommandError(.usage, "\(source) cannot dial \(dialled): they are of different families")
        }
        return dialled
    }

    func question(of source: IPAddress, _ policy: Policy) throws(CommandError) -> Explanation.Question {
        if let transport { return try question(of: source, protocolNamed(transport, of: source.family), port: 0) }
        let destination = try PortArgument(port ?? "", of: policy)
        return try question(of: source, destination.transport, port: destination.port)
    }

    private func question(
        of source: IPAddress, _ transport: TransportProtocol, port: UInt16
    ) throws(CommandError) -> Explanation.Question {
        // A DHCP client that has no address yet sends from 0.0.0.0, and no TCP: RFC 1122 3.2.1.3, RFC 4291 2.5.2.
        let isUnspecified = source == .ipv4(0) || source == .ipv6(0)
        if AddressSet.impossible.subtracting(.loopback).contains(source) || isUnspecified && transport == .tcp {
            throw CommandError(
                .usage, "no client has the address \(source): write one such as 192.0.2.7 or 2001:db8::7")
        }
        var question = Explanation.Question(source: source, transport: transport, port: port, interface: interface)
        question.destination = try dialled(by: source)?.value
        question.isEchoRequest = [.icmp, .icmpv6].contains(transport)
        return question
    }

    /// The protocol of this name, for addresses of a family.
    func protocolNamed(_ text: String, of family: AddressFamily) throws(CommandError) -> TransportProtocol {
        let transport = try protocolNamed(text)
        let other: TransportProtocol = family == .ipv4 ? .icmpv6 : .icmp
        guard transport != other else {
            let name = family == .ipv4 ? "icmp" : "icmpv6"
            throw CommandError(.usage, "\(source) is an \(family.name) address: write --protocol \(name)")
        }
        return transport
    }

    private func protocolNamed(_ text: String) throws(CommandError) -> TransportProtocol {
        let name = text == "icmpv6" ? TransportProtocol.icmpv6.name : text
        guard let transport = TransportProtocol(named: name, files: TrustedFiles()) else {
            let repair = TransportProtocol.nearest(to: name, files: TrustedFiles()).map {
                ", did you mean \"\($0)\"?"
            }
            let advice = repair ?? ": write its number, or a name from /etc/protocols"
            throw CommandError(.usage, "unknown protocol \"\(text)\"\(advice)")
        }
        guard !transport.hasPorts else {
            throw CommandError(.usage, "\(transport) has ports: write a port such as 22/\(transport)")
        }
        return transport
    }
}
