internal import Addressing
internal import Listeners
internal import Policies

extension ListenerAudit {
    /// The process that a supervisor is, which holds the sockets of what it starts on demand.
    private static let supervisor: Int32 = 1

    /// Whether those who listen are those whom the policy expects.
    func expectations(of service: Service, on listener: Listener) -> [Finding] {
        guard case .processes(let processes) = listener.owners else { return [] }
        let expected = service.listener
        return processes.filter { $0.pid != Self.supervisor }.flatMap { process -> [Finding] in
            func finding(_ identifier: Finding.Identifier, _ found: String?, _ wanted: [String]) -> [Finding] {
                let place = AuditedPort(listener.transport, listener.port...listener.port, at: listener.address)
                let names = wanted.map { "\"\($0)\"" }.joined(separator: " or ")
                let message =
                    found.map { "\"\($0)\", not \(names), listens on \(place.text) of service \"\(service.name)\"" }
                    ?? "\(names) should listen on \(place.text) of service \"\(service.name)\", and it is not known who does"
                return [
                    Finding(
                        found == nil ? .unknown : identifier, found == nil ? .warning : .error,
                        "\(message): \(process.text)", service: service.name, port: place, process: process,
                        policy: service.location)
                ]
            }
            var findings: [Finding] = []
            if !expected.processes.isEmpty, !expected.processes.contains(where: process.isRunning) {
                findings += finding(.wrongProcess, process.executable, expected.processes)
            }
            if !expected.units.isEmpty, process.unit.map({ !expected.units.contains($0) }) ?? true {
                findings += finding(.wrongUnit, process.unit ?? "no unit", expected.units)
            }
            if !expected.users.isEmpty, process.user.map({ !expected.users.contains($0) }) ?? true {
                findings += finding(.wrongUser, process.user, expected.users)
            }
            return findings
        }
    }

    /// Unrelated processes on one port of one address.
    var shared: [Finding] {
        let groups = Dictionary(grouping: listeners) {
            [$0.transport.name, "\($0.port)", "\($0.address)", $0.interface ?? ""]
        }
        return groups.values.compactMap { group -> Finding? in
            let first = group[0]
            guard group.count > 1 else { return nil }
            let executables = Set(
                group.flatMap(\.processes).filter { $0.pid != Self.supervisor }.compactMap(\.executable))
            guard executables.count > 1 else { return nil }
            let place = AuditedPort(first.transport, first.port...first.port, at: first.address)
            let service = service(first.transport, first.port)
            let message =
                "unrelated processes share \(place.text) at \(first.address): \(executables.sorted().joined(separator: ", "))"
            return Finding(
                .sharedPort, .warning, message, service: service?.name, port: place, policy: service?.location)
        }.sorted { $0.message < $1.message }
    }

    /// Sockets whose owner could not be found, together where the reason is the same.
    var unknown: [Finding] {
        var ports: [String: [String]] = [:]
        for listener in listeners where !listener.isLoopbackOnly {
            guard case .unknown(let reason) = listener.owners else { continue }
            ports[reason, default: []].append("\(listener.transport.name)/\(listener.port)")
        }
        return ports.sorted { $0.key < $1.key }.map { reason, ports in
            let list = ports.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
            return Finding(.unknown, .warning, "who listens on \(list.joined(separator: ", ")) is not known: \(reason)")
        }
    }
}

extension Listener {
    /// The processes that hold it, if that is known.
    var processes: [SocketProcess] {
        guard case .processes(let processes) = owners else { return [] }
        return processes
    }
}

extension SocketProcess {
    /// Whether `expected`, the name or the absolute path of an executable, is what the process runs.
    fileprivate func isRunning(_ expected: String) -> Bool {
        guard let executable else { return false }
        return expected.hasPrefix("/") ? executable == expected : executable.split(separator: "/").last == expected[...]
    }

    /// The process in words.
    var text: String {
        let facts = [
            "pid \(pid)", executable.map { isDeleted ? "\($0), deleted since" : $0 },
            unit ?? container.map { "container \($0)" },
            user.map { "user \($0)" },
        ]
        return "\(name) (\(facts.compactMap { $0 }.joined(separator: ", ")))"
    }
}
