internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies

extension JudgedConnection {
    /// The headings of `columns`.
    static let headings = [
        "DIR", "PROTO", "LOCAL", "PEER", "STATE", "AGE", "RECEIVED", "SENT", "PROCESS", "UNIT", "SERVICE",
        "POLICY",
    ]

    /// The columns whose cells may be broken into lines: process, unit and service.
    static let breakable: Set<Int> = [8, 9, 10]
    /// The policy's verdict, which is broken into lines where no column is left to leave out.
    static let policyColumn = 11
    /// The columns that a narrow terminal leaves out: unit, age, bytes, state and protocol.
    static let omissible = [9, 5, 6, 7, 4, 1]

    /// The row for people.
    func columns(now: Int64) -> [String] {
        [
            connection.direction.rawValue, connection.session.transport.name, localText, remoteText,
            connection.state.rawValue, connection.since.map { TimeSpan(seconds: max(0, now - $0)).text } ?? "-",
            connection.bytes.map { Self.text($0.received) } ?? "-",
            connection.bytes.map { Self.text($0.sent) } ?? "-", processText, unitText, service ?? "-", policyText,
        ]
    }

    /// The near end, with the other address or port that a table gave it.
    private var localText: String {
        let session = connection.session
        switch connection.direction {
        case .inbound where session.dialled != session.server: return "\(session.server) (dialled \(session.dialled))"
        case .forwarded where session.dialled != session.server: return "\(session.dialled) (to \(session.server))"
        case .outbound where session.client != session.peer: return "\(session.client) (as \(session.peer))"
        default: return "\(connection.local)"
        }
    }

    private var remoteText: String {
        let session = connection.session
        if connection.direction == .outbound {
            return session.dialled == session.server
                ? "\(session.dialled)" : "\(session.dialled) (to \(session.server))"
        }
        return session.client == session.peer ? "\(session.client)" : "\(session.client) (as \(session.peer))"
    }

    private var processText: String {
        if connection.isWithoutSocket { return "no socket" }
        let processes = connection.processes
        guard let first = processes.first else { return connection.session.owners == .kernel ? "kernel" : "-" }
        let name = first.container.map { "\(first.name) in \($0.shortID)" } ?? first.name
        return "\(name) (\(first.pid))" + (processes.count > 1 ? " and \(processes.count - 1) more" : "")
    }

    private var unitText: String {
        guard let process = connection.processes.first else { return "-" }
        return process.userUnit ?? process.unit ?? "-"
    }

    private var policyText: String {
        switch verdict {
        case .accept where isAuditOnly: "audit: \(missingLine.map { "add \($0)" } ?? reason?.text ?? "")"
        case .accept, .unknown: verdict.rawValue
        case .refuse: reason.map { "refuse: \($0.text)" } ?? verdict.rawValue
        case .ignore: "-"
        }
    }

    /// A number of bytes in decimal units: `950 B`, `1.2 kB`.
    private static func text(_ bytes: UInt64) -> String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var (tenths, unit) = (bytes / 100, 0)
        let units = ["kB", "MB", "GB", "TB", "PB"]
        while tenths >= 10_000 && unit < units.count - 1 { (tenths, unit) = (tenths / 1000, unit + 1) }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// The connection for programs.
    var json: JSON {
        let session = connection.session
        return [
            "direction": .string(connection.direction.rawValue), "protocol": .string(session.transport.name),
            "local": connection.local.json, "remote": connection.remote.json,
            "translated": connection.isTranslated ? session.translationJSON : .null,
            "state": .string(connection.state.rawValue), "since": JSON(connection.since.map(UTCTime.text)),
            "bytes": connection.bytes?.json ?? .null, "interface": JSON(session.interface),
            "process": connection.processes.first?.json ?? .null, "processes": .number(connection.processes.count),
            "socket": .bool(session.socket != nil || !connection.receivers.isEmpty),
            "tracked": .bool(session.tracked != nil), "service": JSON(service),
            "verdict": .string(verdict.rawValue), "reason": JSON(reason?.word), "missing": JSON(missingLine),
        ]
    }
}

extension Session {
    /// The endpoints that translation leads to, for programs.
    fileprivate var translationJSON: JSON {
        ["client": client.json, "dialled": dialled.json, "server": server.json, "peer": peer.json]
    }
}

extension ByteCount {
    /// The bytes for programs.
    fileprivate var json: JSON { ["received": .number(Int(clamping: received)), "sent": .number(Int(clamping: sent))] }
}
