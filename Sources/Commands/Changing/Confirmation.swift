/// Asks before a change.
struct Confirmation {
    private let host: Host

    init(_ host: Host) { self.host = host }

    /// Returns if the answer is yes.
    func require(_ question: String) throws(CommandError) {
        guard let answer = host.ask("\(question) [y/N] ") else {
            throw CommandError(
                .usage, "cannot ask without a terminal; nothing was changed: pass --yes to continue without a question")
        }
        guard ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandError(.failure, "the answer was not yes; nothing was changed")
        }
    }
}
