internal import Addressing
internal import Listeners
internal import Policies
internal import Printing

/// A service of a first policy: the ports of one owner that serve one purpose.
struct FirstService {
    /// The owner of the sockets; empty for the kernel, and if the owner is not known.
    private struct Owner: Hashable {
        var executable: String?
        var unit: String?
        var users: [String] = []
        /// The process, unless a unit groups several.
        var pid: Int32?
        /// The only port, if nothing else distinguishes services.
        var place: String?

        /// The name of the program, without its version.
        var program: String? { executable?.split(separator: "/").last.map { String($0).withoutVersion } }
    }

    /// A port of a protocol, with the addresses that it listens on.
    private struct Place: Hashable, Comparable {
        let transport: TransportProtocol
        let port: UInt16

        static func < (first: Self, second: Self) -> Bool {
            (first.transport.rawValue, first.port) < (second.transport.rawValue, second.port)
        }
    }

    /// The system ports, RFC 6335 6.
    private static let systemPorts: ClosedRange<UInt16> = 1...1023
    /// The port of SSH, RFC 4253 4.1.
    static let standardSSHPort: UInt16 = 22

    private var name: String
    private let owner: Owner
    /// Ports, and protocols without ports.
    private let places: [Place]
    private let note: String?
    private let sshPort: UInt16

    /// One service per owner and purpose, ordered by port, with unique names.
    ///
    /// - Parameters:
    ///   - listeners: the listeners.
    ///   - sshPort: the TCP port of SSH.
    ///   - portName: the name of a port in the services database; `nil` if it has none.
    /// - Returns: the services.
    static func all(
        of listeners: [Listener], sshPort: UInt16, portName: (UInt16, TransportProtocol) -> String?
    ) -> [FirstService] {
        // A port belongs to one service: if owners share it, to the first one.
        var owners: [Place: Owner] = [:]
        var notes: [Owner: String] = [:]
        for listener in listeners {
            let place = Place(transport: listener.transport, port: listener.port)
            let (owner, note) = owner(of: listener, sshPort)
            if owners[place] == nil { (owners[place], notes[owner]) = (owner, note) }
        }
        var taken: Set<String> = []
        let byOwner = Dictionary(grouping: owners.keys, by: { owners[$0] ?? Owner() }).mapValues { $0.sorted() }
        let groups = byOwner.flatMap { owner, places in
            parts(of: places, owner, portName).map { (owner: owner, purpose: $0, places: $1) }
        }
        return groups.sorted { $0.places[0] < $1.places[0] }.map { owner, purpose, places in
            var service = FirstService(
                name: purpose.map(sanitized) ?? name(owner, places[0], sshPort, portName), owner: owner,
                places: places, note: notes[owner], sshPort: sshPort)
            service.name = PolicyName.unique(service.name, &taken)
            return service
        }
    }

    /// The ports of one owner by their purpose, each with the name of its first port; one part without a name where the services
    /// database knows no more than one purpose.
    private static func parts(
        of places: [Place], _ owner: Owner, _ portName: (UInt16, TransportProtocol) -> String?
    ) -> [(name: String?, places: [Place])] {
        let servesAnything = owner.program.map(interpreters.contains) ?? false
        let names = places.map { place in
            // Above the system ports a program takes any that is free, whatever its name.
            let isNamed = place.transport.hasPorts && (servesAnything || systemPorts.contains(place.port))
            return isNamed ? portName(place.port, place.transport) : nil
        }
        let purposes = names.map { $0.map(PortPurpose.init(of:)) }
        guard Set(purposes.compactMap(\.self)).count > 1 else { return [(nil, places)] }
        // Ports that have no name there stay together, under the name of the program.
        return Set(purposes).map { purpose in
            let indices = places.indices.filter { purposes[$0] == purpose }
            return (indices.first.flatMap { names[$0] }, indices.map { places[$0] })
        }
    }

    private static func owner(of listener: Listener, _ sshPort: UInt16) -> (Owner, note: String?) {
        let hasPorts = listener.transport.hasPorts
        let place = hasPorts ? "\(listener.transport.name)-\(listener.port)" : "protocol-\(listener.transport.name)"
        switch listener.owners {
        case .processes(let processes):
            // A socket that systemd holds for a service belongs to the process of that service, if it runs.
            let process = processes.first { $0.name != "systemd" } ?? processes.first
            guard let process else { return (Owner(place: place), nil) }
            if process.name == "systemd" {
                let unit = listener.activated
                let owner = Owner(
                    executable: unit?.executable, unit: unit?.name, users: unit?.user.map { [$0] } ?? [], place: place)
                return (owner, "systemd listens, and starts the service on demand")
            }
            // SSH is a service of its own, so that its clients do not reach other ports.
            let isAlone = process.executable == nil || listener.transport == .tcp && listener.port == sshPort
            let owner = Owner(
                executable: process.executable, unit: process.unit, users: users(of: process, among: processes),
                pid: process.unit == nil ? process.pid : nil, place: isAlone ? place : nil)
            return (owner, nil)
        case .kernel: return (Owner(place: place), "the kernel itself listens")
        case .notAsked: return (Owner(place: place), nil)
        case .unknown(let reason): return (Owner(place: place), "the process that listens is unknown: \(reason)")
        }
    }

    /// The users as whom a service runs: a server that starts as root serves as another user.
    private static func users(of process: SocketProcess, among processes: [SocketProcess]) -> [String] {
        let own = processes.filter { $0.executable == process.executable && $0.unit == process.unit }
        return Set(own.compactMap(\.user)).sorted()
    }

    /// The name of the unit or the program; of the port, if the program could serve anything, or is not known.
    private static func name(
        _ owner: Owner, _ place: Place, _ sshPort: UInt16, _ portName: (UInt16, TransportProtocol) -> String?
    ) -> String {
        if place.transport == .tcp && place.port == sshPort { return "ssh" }
        let unit = owner.unit.flatMap { $0.hasSuffix(".service") ? String($0.dropLast(".service".count)) : nil }
        let program = owner.program
        let specific = program.flatMap { interpreters.contains($0) ? nil : $0 }
        let known = place.transport.hasPorts ? portName(place.port, place.transport) : nil
        return sanitized(unit ?? specific ?? known ?? program ?? owner.place ?? "port")
    }

    /// Programs whose name says nothing of the service.
    private static let interpreters: Set<String> = [
        "bash", "busybox", "bun", "dash", "deno", "docker-proxy", "dotnet", "inetd", "java", "lua", "nc", "ncat",
        "node", "nodejs", "perl", "php", "python", "rootlessport", "ruby", "sh", "socat", "xinetd",
    ]

    /// A valid name from any text.
    static func sanitized(_ text: String) -> String { PolicyName.valid(text, prefix: "service-") }

    /// Whether it is the service of the user's SSH connection.
    var isSSH: Bool {
        places == [Place(transport: .tcp, port: sshPort)] || owner.executable?.hasSuffix("/sshd") == true
    }

    /// The name and the ports: `ssh (tcp/22)`.
    var title: String {
        let ports = places.map { $0.transport.hasPorts ? "\($0.transport.name)/\($0.port)" : $0.transport.name }
        return "\(name) (\(ports.joined(separator: ", ")))"
    }

    /// The lines of the policy.
    func lines(from sources: String) -> [String] {
        var lines = note.map { ["  # \($0.printable)"] } ?? []
        lines += ["  \(name):"] + line("ports", ranges) + line("protocols", protocols, protocolNames)
        lines.append("    from: \(sources)")
        if let executable = owner.executable { lines.append("    process: \(YAMLText.scalar(executable))") }
        if let unit = owner.unit { lines.append("    unit: \(YAMLText.scalar(unit))") }
        if !owner.users.isEmpty { lines.append("    user: \(YAMLText.list(owner.users))") }
        return lines + ["    why: \(Service.unfilledReason)"]
    }

    /// A key with a value or a list, and a comment; nothing for an empty list.
    private func line(_ key: String, _ values: [String], _ comment: String = "") -> [String] {
        guard !values.isEmpty else { return [] }
        let list = YAMLText.list(values, width: 100, indent: 12)
        return "    \(key): \(list)\(comment)".split(separator: "\n").map(String.init)
    }

    private var wholeProtocols: [TransportProtocol] { places.map(\.transport).filter { !$0.hasPorts } }

    /// The protocols without ports, by number: a host may lack `/etc/protocols`.
    private var protocols: [String] { wholeProtocols.map { "\($0.rawValue)" } }

    private var protocolNames: String {
        let names = wholeProtocols.map(\.name)
        return names == protocols ? "" : "   # \(names.joined(separator: ", "))"
    }

    /// The ports, with neighbours as ranges.
    private var ranges: [String] {
        TransportProtocol.withPorts.flatMap { transport in
            let ports = places.filter { $0.transport == transport }.map { $0.port...$0.port }
            return IntervalSet(ports).ranges.map { "\($0.text)/\(transport.name)" }
        }
    }
}

extension String {
    /// The name of a program without the version at its end: `python` of `python3.11`.
    fileprivate var withoutVersion: String {
        let name = reversed().drop { $0.isNumber || ".-_".contains($0) }.reversed()
        return name.isEmpty || last?.isNumber != true ? self : String(name)
    }
}
