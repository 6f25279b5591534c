internal import Changes
internal import Listeners

extension OrphanedSessions {
    /// Text to append to that of the plan; empty if there are no such sessions.
    ///
    /// With `isCut` the change ends the sessions, with `sparesOwn` not those of the user who makes it; otherwise `command` ends
    /// them.
    func text(
        isCut: Bool = false, sparingOwn sparesOwn: Bool = false, command: String = "apply --cut-sessions"
    ) -> String {
        let (count, isOne) = (counted(sessions.count, "open session"), sessions.count == 1)
        let head =
            isCut
            ? "\n--cut-sessions ends \(count)\(sparesOwn ? ", except your own" : "")"
            : "\n\(count) \(isOne ? "stays" : "stay") connected "
                + "unless \"portreeve \(command)\" ends \(isOne ? "it" : "them")"
        let lines = sessions.isEmpty ? [] : [head] + sessions.map { "  \($0.text)" }.bounded("sessions")
        let unknown = doubt.map { ["\ncannot list the sessions that this would refuse: \($0)"] } ?? []
        return (lines + unknown).map { "\n" + $0 }.joined()
    }

    /// Lines about the sessions that stay open after a change, and the command that ends them.
    func lines(endedBy command: String) -> [String] {
        let isOne = sessions.count == 1
        let head =
            "\(counted(sessions.count, "session")) \(isOne ? "stays" : "stay") open: "
            + "\"portreeve \(command)\" ends \(isOne ? "it" : "them")"
        return sessions.isEmpty ? [] : [head] + sessions.map { "  \($0.text)" }.bounded("sessions")
    }

    /// Why sessions may be missing in the lines; `nil` if none are.
    var warning: String? { doubt.map { "portreeve: warning: cannot list the sessions that stay open: \($0)" } }

    /// The sessions for programs.
    var json: JSON { .array(sessions.map(\.json)) }
}
