/// Asks before something is changed.
struct Confirmation {
    private let host: Host

    init(_ host: Host) { self.host = host }

    /// Returns when the answer is yes.
    func require(_ question: String) throws(CommandError) {
        guard let answer = host.ask("\(question) [y/N] ") else {
            throw CommandError(
                .usage, "there is no terminal to ask on, and nothing was changed: pass --yes to go ahead")
        }
        guard ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandError(.failure, "not confirmed: nothing was changed")
        }
    }
}
