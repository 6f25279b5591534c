internal import Changes
internal import Kernel
internal import Policies
internal import Printing

extension Rollback {
    /// Undoes the pending change: without a question and without the guard, since it must work in an emergency.
    func undo(
        _ state: RulesetState, _ store: any RulesetStore, on host: Host, _ console: Console
    ) throws -> ExitStatus {
        let source = source(of: state, on: host)
        let last = state.lastApplied
        let change = try? state.undoOfWaiting(in: store)
        let found = try state.undoWaiting(in: store)
        let generation = try store.generation()
        let policy = last?.policy(ReadingOptions())
        let cut = cutSessions ? cut(policy, change?.target, on: host) : nil
        if console.isJSON {
            var members: [(String, JSON)] = [
                ("format_version", 1), ("changed", true), ("generation", .number(Int(generation))),
            ]
            if let cut { members.append(("sessions", cut.json)) }
            console.print(.object(members))
        } else if !console.isQuiet {
            found.map(\.text).forEach(console.print)
            if let source {
                console.print("\(source.printable) still has this change: the next apply of that file loads it again")
            }
            if cut == nil, let change, let last { show(openAfter: change, last.number, policy, on: host, console) }
        }
        cut?.report(to: console)
        return cut?.status ?? .success
    }

    /// Lists the sessions that stay open after an undo, which went back to the change of this number.
    private func show(
        openAfter undo: RulesetChange, _ number: Int, _ policy: Policy?, on host: Host, _ console: Console
    ) {
        let open = OrphanedSessions(by: undo, of: policy, among: host.sessions, now: host.now)
        open.lines(endedBy: Self.cutting(number)).forEach { console.print($0) }
        if let warning = open.warning { console.note(warning) }
    }

    /// The policy file that has the text of the pending change, and would load it again.
    private func source(of state: RulesetState, on host: Host) -> String? {
        guard let pending = try? state.pending(), let record = try? state.log.record(state.log.entry(pending.number)),
            record.kind == .apply, let file = record.files.first,
            let text = try? host.files.read(file.path), Array(text.utf8) == file.text
        else { return nil }
        return file.path
    }
}
