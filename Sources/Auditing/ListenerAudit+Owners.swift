internal import Addressing
internal import Listeners
internal import Policies

extension ListenerAudit {
    /// Whether the owners of a port are the expected ones; equal deviations on one port are one finding.
    func expectations(of service: Service, on listeners: ArraySlice<Listener>) -> [Finding] {
        guard !service.listener.isAnybody else { return [] }
        var seen: Set<[String]> = []
        return listeners.flatMap { listener -> [Finding] in
            let place = AuditedPort(listener.transport, listener.port...listener.port, at: listener.address)
            return departures(of: listener, from: service.listener).filter { departure in
                seen.insert([place.text, departure.identifier.rawValue, departure.message]).inserted
            }.map { departure in
                return Finding(
                    departure.identifier, departure.identifier == .unknown ? .warning : .error,
                    "\(departure.message) on \(place.text) of service \"\(service.name)\"\(departure.who)\(departure.advice)",
                    service: service.name,
                    port: place, process: departure.process, policy: service.location
                ).with(.init(aspect: departure.expectation))
            }
        }
    }

    /// A deviation of an owner; the message does not name the process, since its id changes between runs.
    private struct Departure {
        let identifier: Finding.Identifier
        let message: String
        var process: SocketProcess?
        /// Whether the process does not run yet: systemd starts it for a connection.
        var isStarted = false

        /// The process in words.
        var who: String {
            guard let process else { return "" }
            return isStarted ? ": systemd starts \(process.textWithoutNumber)" : ": \(process.text)"
        }
        /// The key of the service that an unreadable owner was to be compared with.
        var expectation: String?

        /// The advice.
        var advice: String {
            switch identifier {
            case .wrongProcess: "; stop it, or list it under \"process\""
            case .wrongUnit where process?.unit == nil:
                "; stop it, start it as a unit, or remove \"unit\" from the service"
            case .wrongUnit: "; stop it, or list it under \"unit\""
            case .wrongUser: "; stop the process, or list the user under \"user\""
            default: ""
            }
        }

        init(
            _ identifier: Finding.Identifier, _ message: String, _ process: SocketProcess?,
            of expectation: String? = nil
        ) {
            self.identifier = identifier
            self.message = message
            self.process = process
            self.expectation = expectation
        }
    }

    private func departures(of listener: Listener, from expected: ListenerExpectation) -> [Departure] {
        switch listener.owners {
        case .notAsked, .unknown: []
        case .kernel where expected.processes.isEmpty && expected.units.isEmpty: []
        case .kernel:
            [
                Departure(
                    .wrongProcess, "the kernel itself, not \((expected.processes + expected.units).quoted), listens",
                    nil)
            ]
        case .processes(let processes):
            // A service manager holds sockets on behalf of the services that it starts, which are checked.
            processes.allSatisfy(\.isServiceManager)
                ? departures(of: listener.activated, heldBy: processes.first, from: expected)
                : processes.filter { !$0.isServiceManager }.flatMap { departures(of: $0, from: expected) }
        }
    }

    private func departures(of process: SocketProcess, from expected: ListenerExpectation) -> [Departure] {
        [
            departure(of: process, fromProcesses: expected.processes), departure(of: process, fromUnitsOf: expected),
            departure(of: process, fromUsers: expected.users),
        ].compactMap { $0 }
    }

    /// While systemd holds the socket alone, the unit that it will start is checked.
    private func departures(
        of unit: ActivatedUnit?, heldBy manager: SocketProcess?, from expected: ListenerExpectation
    ) -> [Departure] {
        let names = (expected.processes + expected.units + expected.users).quoted
        guard let unit else {
            let message = "systemd holds the socket, and the unit that it starts is not known; expected \(names)"
            return [Departure(.unknown, message, manager)]
        }
        let name = unit.executable?.split(separator: "/").last.map(String.init) ?? unit.name
        let process = SocketProcess(
            pid: manager?.pid ?? 1, name: name, executable: unit.executable, unit: unit.name, user: unit.user)
        return departures(of: process, from: expected).map { departure in
            var departure = departure
            departure.isStarted = true
            return departure
        }
    }

    private func departure(of process: SocketProcess, fromProcesses expected: [String]) -> Departure? {
        guard !expected.isEmpty else { return nil }
        guard let executable = process.executable else {
            return Departure(
                .unknown, "cannot read the executable of the listener; expected \(expected.quoted)", process,
                of: "process")
        }
        guard expected.contains(where: { process.isRunning($0) || executables($0).contains(executable) }) else {
            return Departure(.wrongProcess, "\"\(executable)\", not \(expected.quoted), listens", process)
        }
        // A path names a file of this host; a name, any executable of that name.
        let isNamed = expected.contains {
            !$0.hasPrefix("/") && (process.isRunning($0) || executables($0).contains(executable))
        }
        if process.isElsewhere, !isNamed {
            let place = process.container.map { "of \($0.text)" } ?? "of another mount namespace"
            let message = "\"\(executable)\" \(place), not this host's \(expected.quoted), listens"
            return Departure(.wrongProcess, message, process)
        }
        guard process.isDeleted else { return nil }
        let message =
            "\"\(executable)\" was deleted or replaced after its start, so it cannot be identified"
        return Departure(.unknown, "\(message); restart the listener", process, of: "process")
    }

    private func departure(of process: SocketProcess, fromUnitsOf expectation: ListenerExpectation) -> Departure? {
        let expected = expectation.units
        guard !expected.isEmpty else { return nil }
        if let unit = process.unit {
            if expected.contains(where: unit.isUnit) { return nil }
            // Every user can name a unit of their own as one of the system's: the policy must name the user, too.
            if let own = process.userUnit, let user = process.user, expectation.users.contains(user) {
                if expected.contains(where: own.isUnit) { return nil }
            }
            let found = process.unitText ?? unit
            return Departure(.wrongUnit, "unit \"\(found)\", not \(expected.quoted), listens", process)
        }
        // If the user cannot be read either, the process has exited or is hidden.
        guard process.user != nil else {
            return Departure(
                .unknown, "cannot read the unit of the listener; expected \(expected.quoted)", process, of: "unit")
        }
        return Departure(.wrongUnit, "a process outside of any unit, not \(expected.quoted), listens", process)
    }

    private func departure(of process: SocketProcess, fromUsers expected: [String]) -> Departure? {
        guard !expected.isEmpty else { return nil }
        guard let user = process.user else {
            return Departure(
                .unknown, "cannot read the user of the listener; expected \(expected.quoted)", process, of: "user")
        }
        return expected.contains(user)
            ? nil : Departure(.wrongUser, "user \"\(user)\", not \(expected.quoted), listens", process)
    }

    /// Whether `process` or `unit` of the service lists every process.
    private func lists(_ processes: [SocketProcess], _ service: Service?) -> Bool {
        guard let expected = service?.listener, !expected.processes.isEmpty || !expected.units.isEmpty else {
            return false
        }
        return processes.allSatisfy {
            departure(of: $0, fromProcesses: expected.processes) == nil
                && departure(of: $0, fromUnitsOf: expected) == nil
        }
    }

    /// Unrelated processes, of different executables and units, on one port of one address, that the service does not list.
    var shared: [Finding] {
        let groups = listeners.crowds.flatMap { Dictionary(grouping: $0, by: SharedPlace.init).values }
        return groups.compactMap { group -> Finding? in
            guard group.count > 1 else { return nil }
            let first = group[0]
            let processes = group.flatMap(\.processes).filter { !$0.isServiceManager && $0.executable != nil }
            // The same one in every run, whatever the order of the process ids.
            let one = processes.min { ($0.executable ?? "", $0.pid) < ($1.executable ?? "", $1.pid) }
            guard let one, processes.contains(where: { !$0.isRelated(to: one) })
            else { return nil }
            let place = AuditedPort(first.transport, first.port...first.port, at: first.address)
            let service = services.owner(of: first)
            if lists(processes, service) { return nil }
            let executables = Set(processes.compactMap(\.executable)).sorted().joined(separator: ", ")
            let advice =
                "each gets a part of the connections; stop the one that should not listen, or list all under \"process\" or \"unit\""
            return Finding(
                .sharedPort, .warning,
                "unrelated processes share \(place.text) at \(first.address): \(executables); \(advice)",
                service: service?.name, port: place, process: one, policy: service?.location)
        }.sorted { $0.message < $1.message }
    }

    /// Sockets without a known owner, grouped by the reason.
    var unknown: [Finding] {
        var ports: [String: [String]] = [:]
        for listener in listeners.all where !listener.isLoopbackOnly {
            guard case .unknown(let reason) = listener.owners else { continue }
            ports[reason, default: []].append("\(listener.transport.name)/\(listener.port)")
        }
        return ports.sorted { $0.key < $1.key }.map { reason, ports in
            let list = ports.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
            let message = "cannot find the process that listens on \(list.joined(separator: ", ")): \(reason)"
            return Finding(.unknown, .warning, message, aspect: "owners")
        }
    }
}

/// An address and port on which several sockets can listen.
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
    /// Whether any process may listen.
    var isAnybody: Bool { processes.isEmpty && units.isEmpty && users.isEmpty }
}

extension Listener {
    /// The processes that hold the socket, if they are known.
    var processes: [SocketProcess] {
        guard case .processes(let processes) = owners else { return [] }
        return processes
    }
}

extension [String] {
    /// The words in quotes: `"a" or "b"`.
    var quoted: String { map { "\"\($0)\"" }.joined(separator: " or ") }
}

extension SocketProcess {
    /// Whether the process is systemd, of the system or of a user, which listens for its services: systemd.socket(5).
    fileprivate var isServiceManager: Bool {
        ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].contains(executable) || pid == 1 && unit == "init.scope"
    }

    /// Whether both run the same executable or belong to the same unit.
    fileprivate func isRelated(to other: SocketProcess) -> Bool {
        executable == other.executable || unit != nil && unit == other.unit
            || container != nil && container == other.container
    }

    /// Whether the process runs `expected`, the name or the absolute path of an executable.
    func isRunning(_ expected: String) -> Bool {
        guard let executable else { return false }
        return expected.hasPrefix("/") ? executable == expected : executable.split(separator: "/").last == expected[...]
    }

    /// The unit as `systemctl status` names it, a user's with the unit of the user's systemd.
    var unitText: String? { unit.map { unit in userUnit.map { "\($0) of \(unit)" } ?? unit } }

    /// The unit, unless it is the cgroup of the container.
    private var ownUnitText: String? { container.map { unit?.contains($0.id) == true } == true ? nil : unitText }

    /// The process in words.
    var text: String { text(["pid \(pid)"]) }

    /// The process in words, without its number.
    fileprivate var textWithoutNumber: String { text([]) }

    private func text(_ first: [String?]) -> String {
        let program = executable.map { path in script.map { "\(path) \($0)" } ?? path }
        let facts =
            first + [
                program.map { isDeleted ? "\($0), deleted" : $0 }, container?.text, ownUnitText,
                user.map { "user \($0)" },
            ]
        return "\(name) (\(facts.compactMap { $0 }.joined(separator: ", ")))"
    }
}
