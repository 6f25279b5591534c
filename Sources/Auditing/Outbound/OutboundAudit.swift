public import Addressing
public import Listeners
public import Policies

/// Compares the connections that this host began with the lines of `outbound`.
public struct OutboundAudit {
    private let policy: Policy
    private let lines: OutboundLines
    private let interface: (IPAddress) -> String?
    private let hasInterfaces: Bool

    /// An audit.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - interface: finds the interface of the route to an address; it is called only if the interface matters.
    public init(_ policy: Policy, now: Int64, interface: @escaping (IPAddress) -> String?) {
        self.policy = policy
        lines = OutboundLines(policy, now: now)
        self.interface = interface
        hasInterfaces = policy.outbound.contains { !$0.interfaces.isEmpty }
    }

    /// The connection as one that begins now.
    public func call(_ connection: LiveConnection) -> OutboundCall {
        OutboundCall(
            connection, interface: hasInterfaces ? interface(connection.session.dialled.address) : nil)
    }

    /// The verdict of the lines on a connection of this host, as if `defaults.outbound` were reject.
    public func answer(to connection: LiveConnection) -> OutboundLines.Answer {
        connection.isWithinHost ? .accepted(nil) : lines.answer(to: call(connection))
    }

    /// The connections to other hosts that this host began and that no line lets out.
    public func refused(_ connections: [LiveConnection]) -> [LiveConnection] {
        connections.filter { connection in
            guard connection.direction == .outbound else { return false }
            return [.refused, .denied].contains(answer(to: connection))
        }
    }

    /// What the policy says of a connection that this host began.
    func judge(_ connection: LiveConnection) -> JudgedConnection {
        guard policy.defaults.outbound != .accept else { return JudgedConnection(connection, .accept) }
        let isAudit = policy.defaults.outbound == .audit
        switch answer(to: connection) {
        case .accepted(let line): return JudgedConnection(connection, .accept, service: line?.name)
        case .refused: return JudgedConnection(connection, isAudit ? .accept : .refuse, reason: .outbound)
        case .denied: return JudgedConnection(connection, isAudit ? .accept : .refuse, reason: .denied)
        case .unknown: return JudgedConnection(connection, isAudit ? .accept : .unknown)
        }
    }

    /// The connections with a socket whose program the lines that let them out name.
    public func expected(_ connections: [LiveConnection]) -> [LiveConnection] {
        guard policy.outbound.contains(where: { !$0.client.isAnybody }) else { return [] }
        return connections.filter { connection in
            guard connection.direction == .outbound, !connection.isWithinHost, !connection.isWithoutSocket else {
                return false
            }
            let found = lines.lines(for: call(connection))
            return !found.isEmpty && found.allSatisfy { !$0.client.isAnybody }
        }
    }

    /// Connections that the policy would refuse today, one finding for each process and destination.
    ///
    /// `connections` are those of `refused`, with their owners.
    public func stale(_ connections: [LiveConnection]) -> [Finding] {
        let open = connections.filter { $0.state == .established && !$0.isWithoutSocket }
        return groups(open).map { group in
            let (first, count) = (group[0], group.count)
            let call = call(first)
            let reason =
                lines.answer(to: call) == .denied ? "which is in \"deny\"" : "which no line of \"outbound\" lets out"
            let process = first.processes.first
            let number = count == 1 ? "a connection" : "\(count) connections"
            let who = process.map(\.text) ?? "this host"
            let them = count == 1 ? "it" : "them"
            let finding = Finding(
                .staleSession, .warning,
                "\(who) has \(number) to \(call.place), \(reason): add \(call.suggestion(user: process?.user)), "
                    + "or \"portreeve apply --cut-sessions\" ends \(them)",
                port: AuditedPort(call.transport, call.port...call.port, at: call.destination), process: process)
            return finding.outbound(to: call.destination)
        }
    }

    /// Connections whose program is not the one that the lines which let them out name, with their owners.
    ///
    /// - Parameters:
    ///   - connections: those of `expected`, with their owners.
    ///   - executables: the executables to which a name or a path leads by links.
    /// - Returns: a finding for each line, program and destination.
    public func departures(
        _ connections: [LiveConnection], executables: @escaping (String) -> [String]
    ) -> [Finding] {
        groups(connections).compactMap { group in
            let first = group[0]
            let call = call(first)
            let found = lines.lines(for: call)
            guard let line = found.first, let process = first.processes.first,
                !found.contains(where: { process.meets($0.client, executables) })
            else { return nil }
            let isUnit = line.client.processes.isEmpty || process.runs(line.client, executables)
            let expected = (isUnit ? line.client.units : line.client.processes).quoted
            let key = isUnit ? "unit" : "process"
            var finding = Finding(
                isUnit ? .wrongUnit : .wrongProcess, .error,
                "\(process.text), not \(expected), uses outbound \"\(line.name)\" to \(call.place); "
                    + "stop it, or list it under \"\(key)\"",
                port: AuditedPort(call.transport, call.port...call.port, at: call.destination), process: process
            ).outbound(to: call.destination)
            (finding.service, finding.policy) = (line.name, line.location)
            return finding
        }
    }

    /// Connections of the same program to the same port of the same host, together.
    private func groups(_ connections: [LiveConnection]) -> [[LiveConnection]] {
        struct Key: Hashable {
            let program: String
            let call: OutboundCall
        }
        var groups: [[LiveConnection]] = []
        var places: [Key: Int] = [:]
        for connection in connections {
            var call = call(connection)
            call.sourcePort = nil
            let process = connection.processes.first
            let key = Key(program: process?.executable ?? process?.name ?? "", call: call)
            if let place = places[key] {
                groups[place].append(connection)
            } else {
                places[key] = groups.count
                groups.append([connection])
            }
        }
        return groups
    }
}

extension OutboundCall {
    /// The destination and the port: `tcp/443 at 192.0.2.1`.
    public var place: String {
        "\(transport.text(port...port)) at \(destination)"
    }
}

extension Finding {
    /// The finding about connections of this host to an address, which distinguishes it.
    fileprivate func outbound(to destination: IPAddress) -> Finding {
        var finding = self
        (finding.details.isOutbound, finding.details.aspect) = (true, "\(destination)")
        return finding
    }
}

extension SocketProcess {
    /// Whether it is the program, and belongs to the unit, that a line expects.
    fileprivate func meets(_ expected: ListenerExpectation, _ executables: (String) -> [String]) -> Bool {
        runs(expected, executables)
            && (expected.units.isEmpty || expected.units.contains { unit?.isUnit($0) == true })
    }

    /// Whether it runs an executable that a line expects; any if it names none, and if the executable cannot be read.
    fileprivate func runs(_ expected: ListenerExpectation, _ executables: (String) -> [String]) -> Bool {
        guard !expected.processes.isEmpty, let executable else { return true }
        return expected.processes.contains { isRunning($0) || executables($0).contains(executable) }
    }
}
