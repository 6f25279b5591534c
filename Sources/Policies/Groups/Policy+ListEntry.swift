public import Addressing

extension Policy {
    /// The first line of a list that covers all of `addresses`, among the lists that are in `sources`, also by other groups.
    ///
    /// - Parameters:
    ///   - addresses: an address, or the addresses of one client.
    ///   - sources: the sources of a service, or those of `deny` or `except`.
    /// - Returns: the place in the list; `nil` if the sources cover the addresses by another entry, or not at all.
    public func listEntry(covering addresses: AddressSet, in sources: SourceList) -> SourceLocation? {
        let named = sources.entries.compactMap { entry in groups.first { $0.name == entry } }
        for list in listFiles {
            let parts = groups.filter { list.groups.contains($0.name) && $0.addresses.isSuperset(of: addresses) }
            let isNamed = parts.contains { part in
                named.contains { $0.name == part.name || $0.addresses.isSuperset(of: part.addresses) }
            }
            guard isNamed, let index = files.firstIndex(of: list.path),
                let number = ListLine.first(of: texts[index], covering: addresses)
            else { continue }
            return SourceLocation(file: list.path, line: number, column: 1)
        }
        return nil
    }
}

extension ListLine {
    /// The number of the first line with an entry that covers all of `addresses`, from 1; `nil` for none.
    fileprivate static func first(of bytes: [UInt8], covering addresses: AddressSet) -> Int? {
        var (number, start) = (0, 0)
        while start < bytes.count {
            let line = ListLine(at: start, in: bytes.span)
            (number, start) = (number + 1, line.end + 1)
            guard !line.entry.isEmpty, let range = try? line.range(in: bytes) else { continue }
            if AddressSet(range).isSuperset(of: addresses) { return number }
        }
        return nil
    }
}
