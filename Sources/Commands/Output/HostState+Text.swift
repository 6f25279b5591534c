internal import Changes
internal import Policies

extension [HostState] {
    /// The states in one line.
    func line(_ console: Console, now: Int64) -> String {
        let style: Console.Style = first.map { $0.isMinor ? .yellow : .red } ?? .green
        return console.styled("state: \(sentence(now: now))", style)
    }

    /// The states in words; `now` is in seconds since 1970-01-01T00:00:00Z.
    func sentence(now: Int64) -> String {
        isEmpty ? "in sync" : map { $0.text(among: self, now: now) }.joined(separator: "; ")
    }

    /// Whether a pending change must be confirmed or undone before the next `apply`.
    fileprivate var isPending: Bool {
        contains {
            switch $0 {
            case .pending, .overdue: true
            default: false
            }
        }
    }

    /// Whether the table is the one that was applied, and stays.
    fileprivate var isInForce: Bool {
        !isPending
            && allSatisfy {
                switch $0 {
                case .notLoaded, .drifted: false
                default: true
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

    /// The state, and what to do about it; where a change is pending, that says what to do.
    fileprivate func text(among states: [HostState], now: Int64) -> String {
        switch self {
        case .notLoaded where states.isPending: "not loaded"
        case .notLoaded: "not loaded: \"portreeve apply\" loads the policy"
        case .drifted(let count): "drifted: \"portreeve verify\" lists \(counted(count, "difference"))"
        case .overdue(let waiting): waiting.text
        case .pending(let waiting): waiting.text(until: UTCTime.text(now + waiting.seconds))
        case .overridden(let tables):
            "other tables change what the policy allows (\(tables.joined(separator: ", "))): \"portreeve verify\" says how"
        case .unknown(let count): "\"portreeve verify\" lists \(counted(count, "thing")) that it does not know"
        case .edited(let edit) where states.isPending: edit.sentence
        case .edited(let edit): "\(states.isInForce ? edit.statement : edit.sentence): \(edit.cure)"
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
