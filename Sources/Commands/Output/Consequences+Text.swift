internal import Addressing
internal import Auditing
internal import Changes
internal import Listeners
internal import System

extension Consequences {
    /// The consequences of a plan on this host.
    init(of plan: PlannedChange, on host: Host) {
        host.progress("computing who can connect…")
        self.init(
            of: plan, now: host.now,
            losses: OutboundLosses(by: plan, among: host.sessions, host.outboundNeeds, now: host.now),
            sockets: { () throws(KernelError) in
                host.progress("finding the processes that listen…")
                return try host.readSockets()
            }, resolvers: host.resolvers)
    }

    /// A warning if nobody can log in over SSH any more, the addresses of this host that `deny` covers, a table of the listeners
    /// that lose clients, and other breakages: all, or the first of each.
    func breakLines(_ console: Console, isWhole: Bool, hint: String?) -> [[String]] {
        let maximum = isWhole ? Int.max : AccessReport.shownLines
        let denied = breakages.filter { $0.identifier == .deniesHost }
        let others = breakages.filter { ![.unreachableListener, .deniesHost].contains($0.identifier) }
        let table = clients.map { $0.row(in: access) }.lines(console, atMost: maximum, hint: hint)
        func lines(_ findings: [Finding]) -> [String] {
            findings.map { console.styled("! \($0.breakageText)", .red) }.shortened(to: maximum, hint: hint)
        }
        return [.closing(ssh: closedSSH, console), lines(denied), table, lines(others)]
    }

    /// Gains and losses; all, or the first lines.
    func accessLines(_ console: Console, named names: SourceNames, isWhole: Bool, hint: String?) -> [String] {
        access.changeLines(console, named: names, atMost: isWhole ? .max : AccessReport.shownLines, hint: hint)
    }
}

extension ClientLoss {
    fileprivate func row(in access: AccessReport) -> ClientRow {
        let stranger = access.declares(port) ? "closed: no longer in the policy" : "closed: not in the policy"
        let closed = service == nil ? stranger : "closed"
        return ClientRow(
            port, [processes.listText, before.text, after.isEmpty ? closed : after.text], isWhole: after.isEmpty,
            in: access)
    }
}

extension [SocketProcess] {
    /// The processes in a cell of a table.
    var listText: String {
        let names = map { "\($0.container?.text ?? $0.name) (pid \($0.pid))" }
        return names.isEmpty ? TextTable.nothing : names.joined(separator: ", ")
    }
}

extension ClientLoss.Clients {
    /// The clients in a cell of a table.
    var text: String {
        if possible.isEmpty { return certain.clientsText }
        return certain.isEmpty ? "perhaps \(possible.clientsText)" : "\(certain.clientsText), perhaps more"
    }
}

extension [String] {
    /// A warning about SSH servers that no client can reach any more; a live session would make `apply` refuse that.
    static func closing(ssh ports: [UInt16], _ console: Console) -> [String] {
        guard !ports.isEmpty else { return [] }
        let list = ports.map { "tcp/\($0)" }.joined(separator: ", ")
        let text = "! warning: this closes SSH (\(list)) to everyone: make sure that you have another way in"
        return [console.styled(text, .red)]
    }

    /// The first lines, and the count of the rest.
    func shortened(to maximum: Int, hint: String?) -> [String] {
        let maximum = Self.shown(count, maximum)
        return prefix(maximum) + .rest(count - maximum, hint)
    }

    /// How many of `count` lines are shown: a line that counts one more is no shorter than that one.
    static func shown(_ count: Int, _ maximum: Int) -> Int { count - 1 == maximum ? count : maximum }

    /// A line about more lines than are shown, and the option or command that shows them.
    static func rest(_ count: Int, _ hint: String?) -> [String] {
        count > 0 ? ["  and \(count) more" + (hint.map { ": \($0) shows all" } ?? "")] : []
    }
}

extension Finding {
    /// A breakage for people, with its kind if `verify` would report it, too.
    fileprivate var breakageText: String {
        message + (Identifier.verified.contains(identifier) ? " [\(identifier.rawValue)]" : "")
    }

    /// A breakage for programs, without absent members.
    var breakageJSON: JSON {
        var members: [(String, JSON)] = [("kind", .string(identifier.rawValue)), ("message", .string(message))]
        members += port?.members ?? []
        for (key, value) in [("service", service), ("table", table), ("chain", chain)] {
            if let value { members.append((key, .string(value))) }
        }
        if let process { members.append(("process", process.json)) }
        return .object(members)
    }
}
