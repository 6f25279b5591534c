internal import Changes
internal import Listeners

extension OrphanedSessions {
    /// Text to append to that of the plan; empty if there are no such sessions.
    var text: String {
        let head =
            "\n\(counted(sessions.count, "open session")) \(sessions.count == 1 ? "stays" : "stay") connected "
            + "unless \"portreeve apply --cut-sessions\" ends \(sessions.count == 1 ? "it" : "them")"
        let lines = sessions.isEmpty ? [] : [head] + sessions.map { "  \($0.text)" }.bounded("sessions")
        let unknown = doubt.map { ["\ncannot list the sessions that this would refuse: \($0)"] } ?? []
        return (lines + unknown).map { "\n" + $0 }.joined()
    }

    /// The sessions for programs.
    var json: JSON { .array(sessions.map(\.json)) }
}
