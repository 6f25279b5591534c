internal import Auditing
internal import Changes
internal import Kernel
internal import Listeners
internal import Policies
internal import Printing
internal import System

/// What becomes of connections of this host that no line of `outbound` lets out.
struct OutboundStatus {
    private let mode: Defaults.Outbound
    private let lineCount: Int
    /// The connections that were counted; `nil` if the table looks at none.
    private let hits: UInt64?
    /// The live connections that no line lets out, with their owners.
    private let live: [JudgedConnection]

    /// Reads the counters and, where the policy restricts anything, the live connections.
    init(_ policy: Policy, _ ruleset: WholeRuleset, among store: any SessionStore, now: Int64) {
        let mode = policy.defaults.outbound
        self.mode = mode
        lineCount = policy.outbound.count
        hits = ruleset.outboundHits
        guard mode != .accept, let all = try? store.connections().connections else {
            live = []
            return
        }
        let audit = OutboundAudit(policy, now: now) { store.interface(to: $0) }
        let refused = audit.refused(all)
        let owned = refused.isEmpty ? [] : store.owners(of: refused)
        // A connection that ends has no process any more.
        live = owned.filter { !$0.processes.isEmpty || [.established, .new].contains($0.state) }.map {
            JudgedConnection($0, mode == .audit ? .accept : .refuse, reason: .outbound)
        }
    }

    /// Lines for people; none where the policy restricts nothing.
    func lines(_ console: Console) -> [String] {
        guard mode != .accept else { return [] }
        let deed = mode == .audit ? "let out without a line" : "refused"
        let count = hits.map { ", \(counted(Int(clamping: $0), "connection")) \(deed)" } ?? ""
        let head = "outbound: \(mode.rawValue), \(counted(lineCount, "line"))\(count)"
        var seen: Set<String> = []
        let missing = live.compactMap { judged -> String? in
            guard let line = judged.missingLine else { return nil }
            let process = judged.connection.processes.first
            let who = process.map { "\($0.name) (pid \($0.pid))" } ?? "no known process"
            return seen.insert("\(who)\(line)").inserted ? "  \(who): no line; add \(line)".printable : nil
        }
        return [console.styled(head, live.isEmpty ? .green : .yellow)]
            + missing.shortened(to: AccessReport.shownLines, hint: "\"portreeve sessions --direction out --refused\"")
    }

    /// The state for programs; `null` where the policy restricts nothing.
    var json: JSON {
        guard mode != .accept else { return .null }
        return [
            "mode": .string(mode.rawValue), "lines": .number(lineCount),
            "hits": hits.map { .number(Int(clamping: $0)) } ?? .null,
            "live": .array(live.map(\.json)),
        ]
    }
}
