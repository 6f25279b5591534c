internal import Addressing
internal import Compiler
internal import Reachability

extension [AccessReport.Row] {
    /// The rows with those of each entry of `trusted` replaced by one for each family and list of interfaces.
    ///
    /// Such an entry opens every port, but ports that were open before are in no row.
    func gathered(by trusted: [DecompiledService]) -> [AccessReport.Row] {
        guard !trusted.isEmpty else { return self }
        var rows: [AccessReport.Row] = []
        var places: [Subject: Int] = [:]
        for row in self {
            guard let entry = trusted.first(where: { $0.covers(row.change) }) else {
                rows.append(row)
                continue
            }
            let subject = Subject(
                trusted: entry.name, family: row.change.family, interfaces: row.change.interfaces,
                destinations: row.change.destinations)
            if let place = places[subject] {
                rows[place] = row.widened(rows[place].change.sources, by: entry.name)
            } else {
                places[subject] = rows.count
                rows.append(row.widened(AddressSet(), by: entry.name))
            }
        }
        return rows
    }
}

/// The key of the rows that one row replaces.
private struct Subject: Hashable {
    let trusted: String
    let family: AddressFamily
    let interfaces: [String?]
    let destinations: [DestinationClass]
}

extension AccessReport.Row {
    /// The row with more sources, for every port.
    fileprivate func widened(_ others: AddressSet, by trusted: String) -> Self {
        var change = change
        change.sources = change.sources.union(others)
        change.ports = 0...UInt16.max
        return Self(change: change, ports: change.ports, service: nil, trusted: trusted)
    }
}

extension DecompiledService {
    /// Whether this entry of `trusted` lets in all that the change is about.
    fileprivate func covers(_ change: AccessChange) -> Bool {
        guard change.doubts.isEmpty, sources.isSuperset(of: change.sources) else { return false }
        let interfaces = entries.flatMap(\.interfaces)
        if interfaces.isEmpty { return true }
        return !change.interfaces.isEmpty && change.interfaces.allSatisfy { $0.map(interfaces.contains) ?? false }
    }
}
