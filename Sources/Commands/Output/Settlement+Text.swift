internal import Changes

extension Settlement {
    /// What became of the change, in one sentence.
    var text: String {
        switch self {
        case .lostInRestart(let change):
            "change \(change) was not confirmed before the host was restarted, and is gone with that"
        case .undone(let change): "change \(change) was not confirmed in time, and is undone now"
        case .undoneNow(let change): "change \(change) is undone"
        case .notMade(let change): "change \(change) was interrupted before it was made"
        case .made(let change): "change \(change) was interrupted after it was made"
        case .notRevoked(let change):
            "change \(change) was interrupted before the kernel was told: \"portreeve apply\" does that"
        }
    }
}
