extension Table {
    /// The chains as a person reads them: base chains by hook and priority, then the others by name.
    ///
    /// They are created in this order, so that `nft list` shows them in it.
    public var chainsInReadingOrder: [Chain] {
        let entries = chains.filter { $0.base != nil }.sorted { $0.place < $1.place }
        return entries + chains.filter { $0.base == nil }
    }
}

extension Chain {
    fileprivate var place: (UInt32, Int32, String) { (base?.hook.rawValue ?? 0, base?.priority ?? 0, name) }
}
