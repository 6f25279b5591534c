extension Attributes {
    /// Whether both mean the same to the kernel.
    ///
    /// Padding, missing nest flags and the order of attributes of different types are ignored; the order of attributes
    /// of one type counts. Payloads flagged as nests in `encoded` are compared as attributes.
    func isEquivalent(to encoded: Attributes) -> Bool {
        if raw.elementsEqual(encoded.raw) { return true }
        let (mine, others) = (Array(self), Array(encoded))
        guard mine.count == others.count else { return false }
        // Usually the kernel's order is the same.
        return zip(mine, others).allSatisfy { Self.isEquivalent($0, to: $1) }
            || zip(mine.sortedByType, others.sortedByType).allSatisfy { Self.isEquivalent($0, to: $1) }
    }

    /// The attributes that have no equivalent in `encoded`.
    func unexplained(by encoded: Attributes) -> Attributes {
        keeping { mine in !encoded.contains { Self.isEquivalent(mine, to: $0) } }
    }

    private static func isEquivalent(_ received: Attribute, to encoded: Attribute) -> Bool {
        guard received.type == encoded.type else { return false }
        if received.payload.elementsEqual(encoded.payload) { return true }
        guard encoded.isNested, let inner = Attributes(received.payload), let same = Attributes(encoded.payload)
        else { return false }
        return inner.isEquivalent(to: same)
    }
}

extension [Attributes.Attribute] {
    fileprivate var sortedByType: Self { sorted { $0.type < $1.type } }
}
