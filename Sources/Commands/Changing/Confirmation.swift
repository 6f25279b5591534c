internal import Policies

/// Asks before a change.
struct Confirmation {
    private let host: Host

    init(_ host: Host) { self.host = host }

    /// Returns if the answer is yes; the question names the time after which the change will be undone, if there is one.
    func require(_ question: String, confirmedWithin span: TimeSpan? = nil) throws(CommandError) {
        let end = span.map { ", to be undone in \($0.text) unless confirmed?" } ?? "?"
        let parts = question.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let question = parts.map(String.init).joined(separator: end)
        guard let answer = host.ask("\(question) [y/N] ") else {
            throw CommandError(
                .usage, "cannot ask without a terminal; nothing was changed: pass --yes to continue without a question")
        }
        guard ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandError(.failure, "the answer was not yes; nothing was changed")
        }
    }
}
