internal import Policies

/// A question before a change.
struct Question {
    /// What is to be done: `remove table inet portreeve`.
    let deed: String
    /// What follows from it; `nil` if the deed says all.
    var consequence: String?
}

/// Asks before a change.
struct Confirmation {
    private let host: Host

    init(_ host: Host) { self.host = host }

    /// Returns if the answer is yes; the question names the time after which the change will be undone, if there is one.
    func require(_ question: Question, confirmedWithin span: TimeSpan? = nil) throws(CommandError) {
        let end = span.map { ", to be undone in \($0.text) unless confirmed" } ?? ""
        let text = "\(question.deed)\(end)?\(question.consequence.map { " \($0)" } ?? "")"
        guard let answer = host.ask("\(text) [y/N] ") else {
            throw CommandError(
                .usage, "cannot ask without a terminal; nothing was changed: pass --yes to continue without a question")
        }
        guard ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandError(.failure, "the answer was not yes; nothing was changed")
        }
    }
}
