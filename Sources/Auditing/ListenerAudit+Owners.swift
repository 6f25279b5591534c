internal import Addressing
internal import Listeners
internal import Policies

extension ListenerAudit {
    /// Whether those who listen are those whom the policy expects: one finding for all that are wrong alike on a port.
    func expectations(of service: Service, on listeners: ArraySlice<Listener>) -> [Finding] {
        guard !service.listener.isAnybody else { return [] }
        var seen: Set<[String]> = []
        return listeners.flatMap { listener -> [Finding] in
            let place = AuditedPort(listener.transport, listener.port...listener.port, at: listener.address)
            return departures(of: listener.owners, from: service.listener).filter { departure in
                seen.insert([place.text, departure.identifier.rawValue, departure.message]).inserted
            }.map { departure in
                let who = departure.process.map { ": \($0.text)" } ?? ""
                return Finding(
                    departure.identifier, departure.identifier == .unknown ? .warning : .error,
                    "\(departure.message) on \(place.text) of service \"\(service.name)\"\(who)\(departure.advice)",
                    service: service.name,
                    port: place, process: departure.process, policy: service.location)
            }
        }
    }

    /// How an owner departs from what is expected; the message does not tell the process, whose id changes.
    private struct Departure {
        let identifier: Finding.Identifier
        let message: String
        var process: SocketProcess?

        /// What to do about it.
        var advice: String {
            let key: [Finding.Identifier: String] = [.wrongProcess: "process", .wrongUnit: "unit", .wrongUser: "user"]
            return key[identifier].map { "; stop it, or say so under \"\($0)\"" } ?? ""
        }

        init(_ identifier: Finding.Identifier, _ message: String, _ process: SocketProcess?) {
            self.identifier = identifier
            self.message = message
            self.process = process
        }
    }

    private func departures(of owners: Owners, from expected: ListenerExpectation) -> [Departure] {
        switch owners {
        case .notAsked, .unknown: []
        case .kernel where expected.processes.isEmpty && expected.units.isEmpty: []
        case .kernel:
            [
                Departure(
                    .wrongProcess, "the kernel itself, not \((expected.processes + expected.units).quoted), listens",
                    nil)
            ]
        case .processes(let processes):
            // A service manager that holds the socket of what it starts is nobody's concern.
            processes.filter { !$0.isServiceManager }.flatMap { process in
                [
                    departure(of: process, fromProcesses: expected.processes),
                    departure(of: process, fromUnits: expected.units),
                    departure(of: process, fromUsers: expected.users),
                ].compactMap { $0 }
            }
        }
    }

    private func departure(of process: SocketProcess, fromProcesses expected: [String]) -> Departure? {
        guard !expected.isEmpty else { return nil }
        guard let executable = process.executable else {
            return Departure(
                .unknown, "the executable that listens, which should be \(expected.quoted), could not be read", process)
        }
        guard expected.contains(where: process.isRunning) else {
            return Departure(.wrongProcess, "\"\(executable)\", not \(expected.quoted), listens", process)
        }
        guard process.isDeleted else { return nil }
        let message =
            "\"\(executable)\" was deleted or replaced since it was started, so that what it is cannot be told"
        return Departure(.unknown, "\(message), restart what listens", process)
    }

    private func departure(of process: SocketProcess, fromUnits expected: [String]) -> Departure? {
        guard !expected.isEmpty else { return nil }
        if let unit = process.unit {
            if expected.contains(unit) { return nil }
            return Departure(.wrongUnit, "unit \"\(unit)\", not \(expected.quoted), listens", process)
        }
        // Whose user cannot be read either is not there any more, or hidden.
        guard process.user != nil else {
            return Departure(
                .unknown, "the unit that listens, which should be \(expected.quoted), could not be read", process)
        }
        return Departure(.wrongUnit, "no unit, and not \(expected.quoted), listens", process)
    }

    private func departure(of process: SocketProcess, fromUsers expected: [String]) -> Departure? {
        guard !expected.isEmpty else { return nil }
        guard let user = process.user else {
            return Departure(
                .unknown, "the user who listens, who should be \(expected.quoted), could not be read", process)
        }
        return expected.contains(user)
            ? nil : Departure(.wrongUser, "user \"\(user)\", not \(expected.quoted), listens", process)
    }

    /// Unrelated processes on one port of one address: of other executables and other units.
    var shared: [Finding] {
        let groups = listeners.crowds.flatMap { Dictionary(grouping: $0, by: SharedPlace.init).values }
        return groups.compactMap { group -> Finding? in
            guard group.count > 1 else { return nil }
            let first = group[0]
            let processes = group.flatMap(\.processes).filter { !$0.isServiceManager && $0.executable != nil }
            guard let one = processes.first, processes.contains(where: { !$0.isRelated(to: one) })
            else { return nil }
            let place = AuditedPort(first.transport, first.port...first.port, at: first.address)
            let service = services.owner(first.transport, first.port)
            let executables = Set(processes.compactMap(\.executable)).sorted().joined(separator: ", ")
            let advice = "each gets a part of the connections, so stop the one that should not be there"
            return Finding(
                .sharedPort, .warning,
                "unrelated processes share \(place.text) at \(first.address): \(executables); \(advice)",
                service: service?.name, port: place, process: one, policy: service?.location)
        }.sorted { $0.message < $1.message }
    }

    /// Sockets whose owner could not be found, together where the reason is the same.
    var unknown: [Finding] {
        var ports: [String: [String]] = [:]
        for listener in listeners.all where !listener.isLoopbackOnly {
            guard case .unknown(let reason) = listener.owners else { continue }
            ports[reason, default: []].append("\(listener.transport.name)/\(listener.port)")
        }
        return ports.sorted { $0.key < $1.key }.map { reason, ports in
            let list = ports.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
            return Finding(.unknown, .warning, "who listens on \(list.joined(separator: ", ")) is not known: \(reason)")
        }
    }
}

/// Where several sockets can listen side by side.
private struct SharedPlace: Hashable {
    let transport: TransportProtocol
    let port: UInt16
    let address: IPAddress
    let interface: String?

    init(_ listener: Listener) {
        (transport, port) = (listener.transport, listener.port)
        (address, interface) = (listener.address, listener.interface)
    }
}

extension ListenerExpectation {
    /// Whether it is all the same who listens.
    fileprivate var isAnybody: Bool { processes.isEmpty && units.isEmpty && users.isEmpty }
}

extension Listener {
    /// The processes that hold it, if that is known.
    var processes: [SocketProcess] {
        guard case .processes(let processes) = owners else { return [] }
        return processes
    }
}

extension [String] {
    /// The words in quotes: `"a" or "b"`.
    fileprivate var quoted: String { map { "\"\($0)\"" }.joined(separator: " or ") }
}

extension SocketProcess {
    /// Whether it is systemd, of the system or of a user, which listens for what it starts: systemd.socket(5).
    fileprivate var isServiceManager: Bool {
        ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].contains(executable) || pid == 1 && unit == "init.scope"
    }

    /// Whether both run the same executable or belong to the same unit.
    fileprivate func isRelated(to other: SocketProcess) -> Bool {
        executable == other.executable || unit != nil && unit == other.unit
            || container != nil && container == other.container
    }

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
