extension Table {
    /// The chains in the order of reading: base chains by hook and priority, then the others by name.
    ///
    /// They are created in this order, and `nft list` shows them in the order of creation.
    public var chainsInReadingOrder: [Chain] {
        let entries = chains.filter { $0.base != nil }.sorted { $0.entryOrder < $1.entryOrder }
        return entries + chains.filter { $0.base == nil }
    }
}

extension Chain {
    fileprivate var entryOrder: (UInt32, Int32, String) { (base?.hook.rawValue ?? 0, base?.priority ?? 0, name) }
}
