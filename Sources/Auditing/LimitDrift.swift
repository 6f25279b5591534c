public import Compiler
public import Rulesets

extension [Finding] {
    /// At most this many elements of one set are listed; the rest are counted.
    private static var namedElements: Int { 20 }

    /// The sources whose limit or number of connections is not the policy's.
    ///
    /// The elements of the sets that count are state, but what each of them allows is not.
    ///
    /// - Parameters:
    ///   - live: portreeve's table.
    ///   - compiled: the compiled policy.
    ///   - others: the elements of a set with other expressions than these.
    /// - Returns: an error for each of them; `unknown` for a set that `others` cannot read.
    public static func limitDrift(
        of live: Table?, from compiled: CompiledPolicy,
        others: (_ set: String, _ expressions: [Expression]) throws -> [SetElement]
    ) -> [Finding] {
        guard let live else { return [] }
        let drift = Drift(expected: compiled.table, live: live, origins: compiled.origins)
        let (expected, found) = (compiled.table.elementExpressions, live.elementExpressions)
        return compiled.table.sets.flatMap { set -> [Finding] in
            // Another definition and another rule are drift of their own.
            guard let wanted = expected[set.name], found[set.name] == wanted,
                live.set(set.name)?.definition == set.definition
            else { return [] }
            let elements: [SetElement]
            do { elements = try others(set.name, wanted) } catch {
                return [
                    .unread(
                        set.name, of: live, aspect: "limit",
                        "cannot tell whether the sources in set \"\(set.name)\" have the limit of the policy: \(error)")
                ]
            }
            let (meant, cure) = (Rule(wanted), "`nft flush set \(live.name) \(set.name)` removes it")
            var findings = elements.prefix(namedElements).map { element in
                var bare = element
                // The time that is left is state, and would make the finding another one at each run.
                bare.timeout = nil
                let text = bare.text(of: set.definition)
                return drift.finding(
                    "set \"\(set.name)\" has \(text), not `\(meant)`: \(cure)", set: set.name,
                    details: .init(element: text, aspect: "limit"))
            }
            if elements.count > findings.count {
                let rest = "\(elements.count - findings.count) more elements"
                findings.append(
                    drift.finding(
                        "set \"\(set.name)\" has \(rest) with another limit than `\(meant)`: \(cure)", set: set.name,
                        details: .init(element: rest, aspect: "limit")))
            }
            return findings
        }
    }
}

extension Finding {
    /// What is not known, since a set of a table cannot be read.
    static func unread(_ set: String, of table: Table, aspect: String, _ message: String) -> Finding {
        Finding(.unknown, .warning, message, table: table.name.description, set: set).with(.init(aspect: aspect))
    }
}
