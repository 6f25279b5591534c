extension RandomAccessCollection {
    /// The index of the first element for which a predicate holds, in O(log n).
    ///
    /// - Parameter predicate: must hold for all elements behind the first for which it holds, as in a sorted collection.
    /// - Returns: the index; the end index if it holds for none.
    @inlinable
    public func partitioningIndex(where predicate: (Element) -> Bool) -> Index {
        var (first, rest) = (startIndex, count)
        while rest > 0 {
            let half = rest / 2
            let middle = index(first, offsetBy: half)
            if predicate(self[middle]) {
                rest = half
            } else {
                (first, rest) = (index(after: middle), rest - half - 1)
            }
        }
        return first
    }
}
