internal import Changes
internal import Listeners

extension OrphanedSessions {
    /// Text to follow that of the plan: empty where there is nothing to say.
    var text: String {
        let head = "\nsessions that would be refused, and live on without --cut-sessions: \(sessions.count)"
        let lines = sessions.isEmpty ? [] : [head] + sessions.map { "  \($0.text)" }.bounded("sessions")
        let unknown = doubt.map { ["\nwhat sessions would be refused is not known: \($0)"] } ?? []
        return (lines + unknown).map { "\n" + $0 }.joined()
    }

    /// The sessions for programs.
    var json: JSON { .array(sessions.map(\.json)) }
}
