internal import Addressing
internal import Listeners

/// A service of a first policy: the ports of one owner.
struct FirstService {
    /// Who holds the sockets; `nil` for the kernel, and where it is not known.
    private struct Owner: Hashable {
        var executable: String?
        var unit: String?
        var user: String?
        /// The process, where no unit holds several together.
        var pid: Int32?
        /// The only port, where nothing else tells services apart.
        var place: String?
    }

    /// A port of a protocol, with the addresses that are listened on.
    private struct Place: Hashable, Comparable {
        let transport: TransportProtocol
        let port: UInt16

        static func < (first: Self, second: Self) -> Bool {
            (first.transport.rawValue, first.port) < (second.transport.rawValue, second.port)
        }
    }

    private static let sshPort: UInt16 = 22

    private var name: String
    private let owner: Owner
    private let places: [Place]
    private let note: String?

    /// One service an owner, in the order of their ports; the names differ.
    static func all(of listeners: [Listener]) -> [FirstService] {
        // A port belongs to one service, however many share it: the first owner in order.
        var owners: [Place: Owner] = [:]
        var notes: [Owner: String] = [:]
        for listener in listeners {
            let place = Place(transport: listener.transport, port: listener.port)
            let (owner, note) = owner(of: listener)
            if owners[place] == nil { (owners[place], notes[owner]) = (owner, note) }
        }
        var taken: Set<String> = []
        let groups = Dictionary(grouping: owners.keys, by: { owners[$0] ?? Owner() }).mapValues { $0.sorted() }
        return groups.sorted { $0.value[0] < $1.value[0] }.map { owner, places in
            var service = FirstService(
                name: name(owner, places[0]), owner: owner, places: places, note: notes[owner])
            service.name = unique(service.name, &taken)
            return service
        }
    }

    private static func owner(of listener: Listener) -> (Owner, note: String?) {
        let place = "\(listener.transport.name)-\(listener.port)"
        switch listener.owners {
        case .processes(let processes):
            // What systemd holds for another is that other's, where it runs.
            let process = processes.first { $0.name != "systemd" } ?? processes.first
            guard let process else { return (Owner(place: place), nil) }
            if process.name == "systemd" {
                return (Owner(place: place), "systemd listens, and starts the service on demand")
            }
            // SSH is by itself, so that who may come to it may not come to more.
            let isAlone = process.executable == nil || listener.transport == .tcp && listener.port == sshPort
            let owner = Owner(
                executable: process.executable, unit: process.unit, user: process.user,
                pid: process.unit == nil ? process.pid : nil, place: isAlone ? place : nil)
            return (owner, nil)
        case .kernel: return (Owner(place: place), "the kernel itself listens")
        case .notAsked: return (Owner(place: place), nil)
        case .unknown(let reason): return (Owner(place: place), "it is not known who listens: \(reason)")
        }
    }

    private static func name(_ owner: Owner, _ place: Place) -> String {
        if place.transport == .tcp && place.port == sshPort { return "ssh" }
        let unit = owner.unit.flatMap { $0.hasSuffix(".service") ? String($0.dropLast(".service".count)) : nil }
        let executable = owner.executable?.split(separator: "/").last.map(String.init)
        return sanitized(unit ?? executable ?? owner.place ?? "port")
    }

    /// A name of the characters that names may have, `[a-z][a-z0-9-]{0,30}`.
    static func sanitized(_ text: String) -> String {
        let kept = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let words = String(kept).split(separator: "-").joined(separator: "-")
        let name = words.first?.isLetter == true ? words : "service-" + words
        // Room for a number that makes it unlike another.
        return String(name.prefix(26).reversed().drop { $0 == "-" }.reversed())
    }

    private static func unique(_ name: String, _ taken: inout Set<String>) -> String {
        let names = [name] + (2...65_536).lazy.map { "\(name)-\($0)" }
        let free = names.first { !taken.contains($0) } ?? name
        taken.insert(free)
        return free
    }

    /// Whether it is the one that the person at the terminal came in by.
    var isSSH: Bool {
        places == [Place(transport: .tcp, port: Self.sshPort)] || owner.executable?.hasSuffix("/sshd") == true
    }

    /// The lines of the policy.
    func lines(from sources: String) -> [String] {
        let ports = ranges.count == 1 ? ranges[0] : "[\(ranges.joined(separator: ", "))]"
        var lines = note.map { ["  # \($0)"] } ?? []
        lines += ["  \(name):", "    ports: \(ports)", "    from: \(sources)"]
        if let executable = owner.executable { lines.append("    process: \(scalar(executable))") }
        if let unit = owner.unit { lines.append("    unit: \(scalar(unit))") }
        if let user = owner.user { lines.append("    user: \(scalar(user))") }
        return lines + ["    why: to be filled in"]
    }

    /// The ports, neighbours together.
    private var ranges: [String] {
        TransportProtocol.allCases.flatMap { transport in
            let ports = places.filter { $0.transport == transport }.map { $0.port...$0.port }
            return IntervalSet(ports).ranges.map { "\($0.text)/\(transport.name)" }
        }
    }

    /// A text as a YAML scalar: in quotes where it has more than letters, digits and a few signs.
    private func scalar(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "/._-@+".unicodeScalars.contains(scalar))
        }
        guard !isPlain || text.hasPrefix("-") || text.hasPrefix("@") else { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: "?"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
