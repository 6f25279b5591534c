extension Array where Element == String {
    /// The first texts, and how many more there are: `a, b and 3 more`.
    ///
    /// - Parameters:
    ///   - most: how many are shown, at most.
    ///   - count: how many there are, if some are not in the array; at least its length.
    ///   - separator: what stands between them.
    /// - Returns: the line.
    public func listed(atMost most: Int, of count: Int? = nil, separator: String = ", ") -> String {
        let shown = prefix(most)
        let rest = (count ?? self.count) - shown.count
        return shown.joined(separator: separator) + (rest > 0 ? " and \(rest) more" : "")
    }
}
