internal import Changes
internal import Policies

extension ListRefresh {
    /// Prints the lists that changed, and the lists that are good again; all lists for programs.
    func report(_ made: RulesetState.Made?, _ over: [String], _ console: Console) {
        if console.isJSON { return console.print(json(made)) }
        guard !console.isQuiet else { return }
        for path in over {
            // What the policy no longer names is no news.
            guard let list = refreshed.lists.first(where: { $0.path == path }) else { continue }
            console.print(list.name.map { "name \"\($0)\" is renewed again" } ?? "list \"\(path)\" can be used again")
        }
        guard made != nil else {
            // A timer runs this often, and its log must hold news only.
            if console.columns != nil { console.print(idle) }
            return
        }
        for list in refreshed.lists where list.isChanged {
            let subject = list.name.map { "\(list.source) (\($0))" } ?? list.source
            console.print("\(subject): \(list.text(of: list.name == nil ? " entries" : " addresses"))")
        }
    }

    /// A sentence about a refresh that changes nothing.
    private var idle: String {
        if refreshed.lists.isEmpty { return "the policy that was applied has no lists and no DNS names: nothing to do" }
        let names = refreshed.lists.count { $0.name != nil }
        let lists = "\(counted(refreshed.lists.count - names, "list")) read"
        return lists + (names == 0 ? "" : ", \(counted(names, "name")) looked up") + ": no entry changed"
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
            "name": .string(source), "file": name == nil ? .string(path) : .null, "dns": JSON(name),
            "before": .number(before), "after": .number(after),
            "oldest": JSON(time.map(UTCTime.text)),
        ]
    }
}

extension ListRefusal {
    fileprivate var json: JSON {
        [
            "name": .string(group), "file": isName ? .null : .string(path), "reason": .string(reason),
            "policy": location.json,
        ]
    }
}
