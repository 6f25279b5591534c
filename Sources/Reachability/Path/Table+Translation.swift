internal import Rulesets

extension Table {
    /// The chains that translate destinations before routing, and the chains that packets pass before them; `nil` if there are none.
    ///
    /// What this table translates meets the later hooks of other tables with its new destination.
    var translation: Table? {
        guard chains.contains(where: \.translatesDestinations) else { return nil }
        let passed = chains.filter { $0.base.map { $0.hook == .prerouting } ?? true }
        return Table(name: name, flags: flags, chains: passed, sets: sets)
    }
}

extension Chain {
    /// Whether it is a base chain that translates destinations before routing.
    fileprivate var translatesDestinations: Bool {
        guard let base else { return false }
        return base.type == "nat" && base.hook == .prerouting
    }
}
