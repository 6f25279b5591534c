internal import Changes
internal import Policies
internal import Printing

extension [HostState] {
    /// A headline of the states, and lines that say what each is about and what to do.
    func lines(_ console: Console, now: Int64) -> [String] {
        let style: Console.Style = first.map { $0.isMinor ? .yellow : .red } ?? .green
        let headline = isEmpty ? "in sync" : map { $0.headline(now: now) }.joined(separator: "; ")
        var lines = map { $0.lines(among: self) }
        // One command says more about all of these, and has one line.
        let verified = indices.filter { self[$0].verified != nil }
        if verified.count > 1 {
            let list = verified.compactMap { self[$0].verified }.joined(conjunction: "and")
            for index in verified { lines[index] = [] }
            lines[verified[0]] = ["\"portreeve verify\" lists \(list)"]
        }
        return [console.styled("state: \(headline)", style)] + lines.joined().map { "  \($0)" }
    }

    /// The states in words; `now` is in seconds since 1970-01-01T00:00:00Z.
    func sentence(now: Int64) -> String {
        let texts = map { state in
            ([state.headline(now: now)] + [state.lines(among: self).joined(separator: "; ")]).filter { !$0.isEmpty }
        }
        return isEmpty ? "in sync" : texts.map { $0.joined(separator: ": ") }.joined(separator: "; ")
    }

    /// Whether the table is not the one to expect.
    var hasDrift: Bool {
        contains { if case .drifted = $0 { true } else { false } }
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

    /// Whether the table is the one that was applied.
    fileprivate var isInForce: Bool {
        allSatisfy {
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

    /// The state in a few words; `now` is in seconds since 1970-01-01T00:00:00Z.
    fileprivate func headline(now: Int64) -> String {
        switch self {
        case .notLoaded: "not loaded"
        case .drifted: "drifted"
        case .overdue(let waiting): waiting.fact()
        case .pending(let waiting): waiting.fact(until: UTCTime.text(waiting.moment(now: now)))
        case .overridden(let tables): "other tables change what the policy allows (\(tables.joined(separator: ", ")))"
        case .unknown(let count): "\(counted(count, "thing")) \(count == 1 ? "is" : "are") not known"
        case .edited(let edit): edit.headline
        }
    }

    /// What it is about, and what to do; where a change is pending, that says what to do.
    fileprivate func lines(among states: [HostState]) -> [String] {
        switch self {
        case .notLoaded(let absence):
            states.isPending ? [] : [absence?.reason ?? "\"portreeve apply\" loads the policy"]
        case .drifted(let count): ["\"portreeve verify\" lists \(counted(count, "difference"))"]
        case .overdue(let waiting), .pending(let waiting): [waiting.step]
        case .overridden: ["\"portreeve verify\" says how"]
        case .unknown(let count): ["\"portreeve verify\" lists \(count == 1 ? "it" : "them")"]
        case .edited(let edit):
            ["\(states.isInForce ? "in force" : "applied last"): \(edit.applied)", edit.difference]
                + (states.isPending ? [] : edit.cures)
                + (states.isInForce || states.isPending
                    ? [] : edit.restoration.map { ["\($0) loads what was applied last"] } ?? [])
        }
    }

    /// The details that `verify` lists; `nil` if this says everything.
    fileprivate var verified: String? {
        switch self {
        case .drifted(let count): counted(count, "difference")
        case .overridden: "the rules of other tables"
        case .unknown(let count): counted(count, "unknown thing")
        case .notLoaded, .overdue, .pending, .edited: nil
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
