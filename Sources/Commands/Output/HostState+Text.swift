internal import Changes

extension [HostState] {
    /// The states in one line.
    func line(_ console: Console) -> String {
        guard let worst = first else { return console.styled("state: \(sentence)", .green) }
        return console.styled("state: \(sentence)", worst.isMinor ? .yellow : .red)
    }

    /// The states in words.
    var sentence: String { isEmpty ? "in sync" : map { $0.text(isPending: isPending) }.joined(separator: "; ") }

    /// Whether a pending change must be confirmed or undone before the next `apply`.
    private var isPending: Bool {
        contains {
            switch $0 {
            case .pending, .overdue: true
            default: false
            }
        }
    }

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

    /// The state, and what to do about it; with `isPending` the pending change says that.
    fileprivate func text(isPending: Bool) -> String {
        switch self {
        case .notLoaded where isPending: "not loaded"
        case .notLoaded: "not loaded: \"portreeve apply\" loads the policy"
        case .drifted(let count): "drifted: \"portreeve verify\" lists \(counted(count, "difference"))"
        case .overdue(let waiting), .pending(let waiting): waiting.text
        case .overridden(let tables):
            "other tables change what the policy allows (\(tables.joined(separator: ", "))): \"portreeve verify\" says how"
        case .unknown(let count): "\"portreeve verify\" lists \(counted(count, "thing")) that it does not know"
        case .edited(let sentence) where isPending: sentence
        case .edited(let sentence): "\(sentence): \"portreeve verify\" says what to do"
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
