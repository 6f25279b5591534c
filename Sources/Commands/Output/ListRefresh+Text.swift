internal import Changes
internal import Policies

extension ListRefresh {
    /// Prints the lists that changed, and the lists that are good again; all lists for programs.
    func report(_ made: RulesetState.Made?, _ over: [String], _ console: Console) {
        if console.isJSON { return console.print(json(made)) }
        guard !console.isQuiet else { return }
        for path in over { console.print("list \"\(path)\" can be used again") }
        guard made != nil else {
            // A timer runs this often, and its log must hold news only.
            if console.columns != nil { console.print(idle) }
            return
        }
        for list in refreshed.lists where list.isChanged {
            console.print("\(list.source): \(list.before) -> \(list.after) entries")
        }
    }

    /// A sentence about a refresh that changes nothing.
    private var idle: String {
        if refreshed.lists.isEmpty { return "the policy that was applied names no list: nothing to do" }
        return "\(counted(refreshed.lists.count, "list")) read: no entry changed"
    }

    private func json(_ made: RulesetState.Made?) -> JSON {
        [
            "format_version": 1, "changed": .bool(made != nil),
            "sources": .array(refreshed.lists.map(\.json)), "refused": .array(refreshed.refusals.map(\.json)),
            "change": made.map { .number($0.number) } ?? .null,
            "generation": made.map { .number(Int($0.generation)) } ?? .null,
        ]
    }
}

extension RefreshedPolicy.List {
    fileprivate var json: JSON {
        [
            "name": .string(source), "file": .string(path), "before": .number(before), "after": .number(after),
            "oldest": JSON(time.map(UTCTime.text)),
        ]
    }
}

extension ListRefusal {
    fileprivate var json: JSON {
        ["name": .string(group), "file": .string(path), "reason": .string(reason), "policy": location.json]
    }
}
