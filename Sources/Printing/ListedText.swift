extension Array where Element == String {
    /// The first texts, and how many more there are: `a, b and 3 more`; never `and 1 more`, unless that one is not in the array.
    ///
    /// - Parameters:
    ///   - most: how many are shown, at most.
    ///   - count: how many there are, if some are not in the array; at least its length.
    ///   - separator: what stands between them.
    /// - Returns: the line.
    public func listed(atMost most: Int, of count: Int? = nil, separator: String = ", ") -> String {
        let total = count ?? self.count
        // "and 1 more" is no shorter than the text.
        let shown = total - 1 == most && self.count == total ? self[...] : prefix(most)
        let rest = total - shown.count
        return shown.joined(separator: separator) + (rest > 0 ? " and \(rest) more" : "")
    }

    /// The texts in a sentence: `a, b or c`.
    public func joined(conjunction: String) -> String {
        // Arrays alone are compiled ahead, not their slices.
        let last = Array(suffix(2)).joined(separator: " \(conjunction) ")
        return (Array(dropLast(2)) + [last]).joined(separator: ", ")
    }
}
