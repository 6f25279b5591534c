extension Attributes {
    /// Whether the kernel would take both for the same.
    ///
    /// Order among types, padding and missing nest flags do not count; order among attributes of one type does. What is
    /// flagged as a nest in `encoded` is looked into.
    func isEquivalent(to encoded: Attributes) -> Bool {
        if octets.elementsEqual(encoded.octets) { return true }
        let (mine, others) = (Array(self), Array(encoded))
        guard mine.count == others.count else { return false }
        // Mostly the kernel's order is ours.
        return zip(mine, others).allSatisfy { Self.isEquivalent($0, to: $1) }
            || zip(mine.sortedByType, others.sortedByType).allSatisfy { Self.isEquivalent($0, to: $1) }
    }

    /// The attributes that `encoded` does not repeat.
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
