internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Printing

extension Finding {
    /// The finding in the format of compilers: place, severity, message, and id in brackets.
    func text(_ console: Console) -> String {
        let place = policy.map { "\($0.file.printable):\($0.line): " } ?? ""
        return "\(place)\(label(console)) \(sentence.printable) [\(identifier.rawValue)]"
    }

    /// The severity in its colour.
    func label(_ console: Console) -> String {
        let style: Console.Style = severity == .error ? .red : severity == .warning ? .yellow : .cyan
        return console.styled("\(severity.rawValue):", style)
    }

    /// The priority in the journal.
    var priority: Console.Priority { severity == .error ? .error : severity == .warning ? .warning : .notice }

    /// The finding for programs, without absent members.
    var json: JSON {
        var members: [(String, JSON)] = [
            ("id", .string(identifier.rawValue)), ("severity", .string(severity.rawValue)),
            ("message", .string(message)),
        ]
        members += port?.members ?? []
        let parts = [
            ("service", service), ("table", table), ("chain", chain), ("set", set), ("element", details.element),
            ("rule", details.rule), ("interface", details.interface), ("source", details.source),
            ("unit", details.unit),
        ]
        if details.isOutbound { members.append(("direction", .string("out"))) }
        for (key, value) in parts {
            if let value { members.append((key, .string(value))) }
        }
        if let process { members.append(("process", process.json)) }
        if let container { members.append(("container", container.json)) }
        if let policy { members.append(("policy", policy.json)) }
        if let acceptance { members.append(("accepted", acceptance.json)) }
        return .object(members)
    }
}

extension Acceptance {
    /// The reason for programs.
    fileprivate var json: JSON {
        [
            "why": JSON(why), "owner": JSON(owner), "ticket": JSON(ticket), "until": JSON(until?.written),
            "policy": location.json,
        ]
    }
}

extension AuditedPort {
    /// The port for programs, as members of its finding.
    var members: [(String, JSON)] {
        let place = address.map { [("address", JSON.string($0.description))] } ?? []
        return [("protocol", .string(transport.name)), ("port", transport.hasPorts ? range.json : .null)] + place
    }
}

extension [Finding] {
    /// One line per finding; stale sessions, of which a host can have any number, come last and are limited to a
    /// readable number.
    func lines(_ text: (Finding) -> String) -> [String] {
        let others = filter { $0.identifier != .staleSession }
        let sessions = filter { $0.identifier == .staleSession }
        return others.map(text) + sessions.map(text).bounded("clients have stale sessions")
    }
}

extension SocketProcess {
    /// The process for programs.
    var json: JSON {
        [
            "pid": .number(Int(pid)), "name": .string(name), "executable": JSON(executable), "unit": JSON(unit),
            "user_unit": JSON(userUnit), "script": JSON(script), "container": JSON(container?.shortID),
            "user": JSON(user),
        ]
    }
}

extension Container {
    /// The container for programs.
    var json: JSON { ["id": .string(id), "name": JSON(name), "engine": JSON(engine)] }
}

extension ClosedRange<UInt16> {
    /// A number, or the first and the last as text.
    var json: JSON { count == 1 ? .number(Int(lowerBound)) : .string("\(lowerBound)-\(upperBound)") }
}
