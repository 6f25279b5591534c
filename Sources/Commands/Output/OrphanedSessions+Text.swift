internal import Changes
internal import Listeners

extension OrphanedSessions {
    /// Text to append to that of the plan; empty if there are no such sessions.
    ///
    /// With `isCut` the change ends the sessions, with `sparesOwn` not those of the user who makes it.
    func text(isCut: Bool = false, sparingOwn sparesOwn: Bool = false) -> String {
        let (count, isOne) = (counted(sessions.count, "open session"), sessions.count == 1)
        let head =
            isCut
            ? "\n--cut-sessions ends \(count)\(sparesOwn ? ", unless it is your own" : "")"
            : "\n\(count) \(isOne ? "stays" : "stay") connected "
                + "unless \"portreeve apply --cut-sessions\" ends \(isOne ? "it" : "them")"
        let lines = sessions.isEmpty ? [] : [head] + sessions.map { "  \($0.text)" }.bounded("sessions")
        let unknown = doubt.map { ["\ncannot list the sessions that this would refuse: \($0)"] } ?? []
        return (lines + unknown).map { "\n" + $0 }.joined()
    }

    /// The sessions for programs.
    var json: JSON { .array(sessions.map(\.json)) }
}
