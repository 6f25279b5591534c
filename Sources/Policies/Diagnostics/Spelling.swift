/// Finds the known word that is most similar to a misspelt one.
public enum Spelling {
    /// The number of candidates that are compared: bounds the work for a hundred errors in a policy of a million names.
    private static let most = 10_000

    /// What other programs and earlier drafts call keys of a policy.
    private static let synonyms = [
        "to": "addresses", "address": "addresses", "destination": "addresses", "daddr": "addresses",
        "source": "from", "sources": "from", "saddr": "from", "iif": "interfaces", "interface": "interfaces",
        "comment": "why", "description": "why", "reason": "why",
        "until": "expires", "expiry": "expires", "expiration": "expires",
    ]

    /// The key that a misspelt or foreign one stands for; `nil` if none is similar.
    static func key(for word: String, among keys: [String]) -> String? {
        if let known = synonyms[word.lowercased()], keys.contains(known) { return known }
        return nearest(to: word, among: keys)
    }

    /// The candidate with the smallest distance to `word`; `nil` if none is similar.
    ///
    /// Of several that are as near, that of the lowest `rank`, and then the first by the alphabet.
    public static func nearest(
        to word: String, among candidates: some Sequence<String>, rank: (String) -> Int = { _ in 0 }
    ) -> String? {
        let target = Array(word.lowercased().unicodeScalars.prefix(65))
        guard !target.isEmpty, target.count <= 64 else { return nil }
        let tolerance = max(1, min(3, target.count / 3))
        var best: (distance: Int, initial: Int, rank: Int, word: String)?
        for candidate in candidates.prefix(most) {
            let letters = Array(candidate.lowercased().unicodeScalars.prefix(65))
            guard abs(letters.count - target.count) <= tolerance else { continue }
            let distance = distance(target, letters)
            guard distance <= tolerance, distance < letters.count else { continue }
            // Of two that are as near, the one with the same first letter: that is mistyped least.
            let order = (distance, letters.first == target.first ? 0 : 1, rank(candidate), candidate)
            if let best, best <= order { continue }
            best = order
        }
        return best?.word
    }

    /// Whether a name is one letter from another; names that differ in their digits alone are those of other things.
    static func isSlip(_ name: String, of other: String) -> Bool {
        func letters(_ text: String) -> [Unicode.Scalar] { text.unicodeScalars.filter { !("0"..."9" ~= $0) } }
        return letters(name) != letters(other) && distance(Array(name.unicodeScalars), Array(other.unicodeScalars)) == 1
    }

    /// The optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var rowBeforeLast: [Int] = []
        var lastRow = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            row.reserveCapacity(right.count + 1)
            for (j, other) in right.enumerated() {
                var cost = min(lastRow[j + 1] + 1, row[j] + 1, lastRow[j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    cost = min(cost, rowBeforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            (rowBeforeLast, lastRow) = (lastRow, row)
        }
        return lastRow[right.count]
    }
}
