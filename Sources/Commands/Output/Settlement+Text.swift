internal import Changes

extension Settlement {
    /// The outcome in one sentence.
    var text: String {
        switch self {
        case .lostInRestart(let change):
            "change \(change) was lost in a reboot before it was confirmed"
        case .undone(let change): "change \(change) was not confirmed in time, and was undone"
        case .undoneNow(let change): "change \(change) was undone"
        case .notMade(let change): "change \(change) was interrupted before it was made"
        case .made(let change): "change \(change) was interrupted after it was made"
        case .notRevoked(let change):
            "change \(change) was interrupted before the commit: run \"portreeve apply\" to end its grants"
        }
    }
}
