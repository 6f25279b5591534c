internal import Auditing
internal import Changes

extension Consequences {
    /// At most this many lines of a section are shown; the rest are counted.
    private static let shownLines = 10

    /// The consequences for people: gains and losses, then breakages; all, or the first lines of each.
    func sections(_ console: Console, isWhole: Bool) -> [[String]] {
        let maximum = isWhole ? Int.max : Self.shownLines
        let breaks = breakages.map { console.styled("! \($0.message)", .red) }
        return [access.witnessLines(console, atMost: maximum), breaks.shortened(to: maximum)]
    }
}

extension [String] {
    /// The first lines, and the count of the rest.
    func shortened(to maximum: Int) -> [String] {
        guard count > maximum else { return self }
        return prefix(maximum) + ["  and \(count - maximum) more: --verbose shows all"]
    }
}

extension Finding {
    /// A breakage for programs, without absent members.
    var breakageJSON: JSON {
        var members: [(String, JSON)] = [("kind", .string(identifier.rawValue)), ("message", .string(message))]
        members += port?.members ?? []
        for (key, value) in [("service", service), ("table", table), ("chain", chain)] {
            if let value { members.append((key, .string(value))) }
        }
        if let process { members.append(("process", process.json)) }
        return .object(members)
    }
}
