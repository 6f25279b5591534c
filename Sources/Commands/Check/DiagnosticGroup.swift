internal import Addressing
internal import Policies
internal import Printing

/// Warnings of one kind, shown as one.
struct DiagnosticGroup {
    /// The first one.
    let first: Diagnostic
    /// The warnings after it; none for an error.
    private(set) var others: [Diagnostic] = []

    /// At most this many that are alike are shown one by one.
    private static let most = 5

    /// All in their order; of many warnings that are alike, one with the places of the others.
    static func all(_ diagnostics: [Diagnostic]) -> [DiagnosticGroup] {
        var counts: [String: Int] = [:]
        for diagnostic in diagnostics { counts[diagnostic.pattern, default: 0] += 1 }
        var places: [String: Int] = [:]
        return diagnostics.reduce(into: []) { groups, diagnostic in
            let pattern = diagnostic.pattern
            guard diagnostic.severity == .warning, counts[pattern] ?? 0 > most else {
                return groups.append(DiagnosticGroup(first: diagnostic))
            }
            if let place = places[pattern] { return groups[place].others.append(diagnostic) }
            places[pattern] = groups.count
            groups.append(DiagnosticGroup(first: diagnostic))
        }
    }

    /// The places of the others, in a line; empty without others.
    var rest: String {
        guard !others.isEmpty else { return "" }
        let files = Dictionary(grouping: others.compactMap(\.location), by: \.file).sorted { $0.key < $1.key }
        let places = files.map { file, places in
            let lines = places.map(\.line).ranges
            let text = "\(lines.contains("-") || lines.contains(",") ? "lines" : "line") \(lines)"
            return file == first.location?.file ? text : "\(text) of \(file.printable)"
        }
        return "  \(others.count) more like this: \(places.joined(separator: "; "))"
    }
}

extension Diagnostic {
    /// The message without names and numbers, which differ between warnings of one kind.
    fileprivate var pattern: String {
        var isQuoted = false
        let bare = message.filter { letter in
            if letter == "\"" { isQuoted.toggle() }
            return !isQuoted && letter != "\""
        }
        let words = bare.split(separator: " ").filter { !$0.contains(where: \.isNumber) }
        return "\(severity.rawValue) \(words.joined(separator: " "))"
    }
}

extension [Int] {
    /// Line numbers: `3, 7-9`.
    fileprivate var ranges: String {
        IntervalSet(map { UInt($0)...UInt($0) }).ranges
            .map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ", ")
    }
}

extension Console {
    /// Prints what a reading of a policy has to say: each diagnostic, or, unless `isWhole`, of many warnings that are alike the
    /// first one with the places of the others.
    func quote(_ diagnostics: [Diagnostic], isWhole: Bool) {
        let groups = isWhole ? diagnostics.map { DiagnosticGroup(first: $0) } : DiagnosticGroup.all(diagnostics)
        for group in groups {
            quote(group.first, .warning)
            if !group.rest.isEmpty { note(group.rest) }
        }
    }

    /// The option that shows every warning, if some are only counted.
    static func hint(about diagnostics: [Diagnostic]) -> String {
        DiagnosticGroup.all(diagnostics).contains { !$0.others.isEmpty } ? "; --verbose shows each warning" : ""
    }
}
