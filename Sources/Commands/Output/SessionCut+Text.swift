internal import Changes
internal import Listeners

extension SessionCut {
    /// The exit status.
    var status: ExitStatus { isComplete ? .success : .failure }

    /// Prints one line per session, up to a readable number, and the problems.
    func report(to console: Console) {
        if !console.isJSON {
            for line in ended.map({ "ended: \($0.text)" }).bounded("sessions were ended") { console.print(line) }
        }
        if let failure { console.note("portreeve: not every session that the policy refuses was ended: \(failure)") }
        let troubles = [
            (spared, "your own session was kept; --force also ends it"),
            (remaining, "could not be ended"),
            (unsure, "conntrack forgot it, but its server is in no namespace of this host and may still send"),
        ]
        for (sessions, words) in troubles {
            let lines = sessions.map { "portreeve: \($0.text): \(words)" }
            for line in lines.bounded("sessions like this") { console.note(line) }
        }
    }

    /// The sessions for programs.
    var json: JSON {
        [
            "ended": .array(ended.map(\.json)), "spared": .array(spared.map(\.json)),
            "remaining": .array(remaining.map(\.json)), "unsure": .array(unsure.map(\.json)), "error": JSON(failure),
        ]
    }
}
