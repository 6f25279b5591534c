internal import Changes

extension [HostState] {
    /// The states in one line.
    func line(_ console: Console) -> String {
        guard let worst = first else { return console.styled("state: \(sentence)", .green) }
        return console.styled("state: \(sentence)", worst.isMinor ? .yellow : .red)
    }

    /// The states in words.
    var sentence: String { isEmpty ? "in sync" : map(\.text).joined(separator: "; ") }

    /// The states for programs: at least one word.
    var json: JSON { .array(isEmpty ? ["in-sync"] : map { .string($0.word) }) }
}

extension HostState {
    /// Whether it is expected now and then.
    fileprivate var isMinor: Bool {
        switch self {
        case .pending, .edited: true
        default: false
        }
    }

    fileprivate var text: String {
        switch self {
        case .notLoaded: "not loaded: \"portreeve apply\" loads the policy"
        case .drifted(let count): "drifted: \"portreeve verify\" lists \(counted(count, "difference"))"
        case .overdue(let pending): pending.text(seconds: 0, isOverdue: true)
        case .overridden(let tables):
            "other tables change what the policy allows (\(tables.joined(separator: ", "))): \"portreeve verify\" says how"
        case .unknown(let count): "\"portreeve verify\" lists \(counted(count, "thing")) that it does not know"
        case .pending(let pending, let seconds): pending.text(seconds: seconds, isOverdue: false)
        case .edited(let sentence): sentence
        }
    }

    /// The word for programs.
    fileprivate var word: String {
        switch self {
        case .notLoaded: "not-loaded"
        case .drifted: "drifted"
        case .overdue: "undo-overdue"
        case .overridden: "overridden"
        case .unknown: "unknown"
        case .pending: "change-pending"
        case .edited: "edited"
        }
    }
}
