internal import Printing

extension Spelling {
    /// At most this many names are listed.
    private static let listed = 8

    /// The end of a message about an unknown name: the one that was meant, or all that there are, called `names`; empty if there
    /// are none.
    public static func hint(for word: String, among candidates: [String], _ names: String) -> String {
        if let nearest = nearest(to: word, among: candidates) { return " (did you mean \(Printable.quoted(nearest))?)" }
        return candidates.isEmpty ? "" : "; \(names) are \(candidates.listed(atMost: listed))"
    }
}
