internal import Addressing

/// Collects addresses and builds one set in the end, with a single sort.
struct AddressSetBuilder {
    private var ipv4: [ClosedRange<UInt32>] = []
    private var ipv6: [ClosedRange<UInt128>] = []
    private var sets: [AddressSet] = []

    /// Adds an address, a prefix or a range.
    mutating func add(_ range: AddressRange) {
        switch range {
        case .ipv4(let range): ipv4.append(range)
        case .ipv6(let range): ipv6.append(range)
        }
    }

    /// Adds the lines of a list that `AddressRange.appendPlainLines(of:from:to:)` reads, and returns its result.
    mutating func addPlainLines(of bytes: [UInt8], from start: Int) -> Int {
        AddressRange.appendPlainLines(of: bytes, from: start, to: &ipv4)
    }

    /// Adds all addresses of `set`.
    mutating func add(_ set: AddressSet) { sets.append(set) }

    /// The number of addresses, prefixes and ranges that were added.
    var count: Int { ipv4.count + ipv6.count }

    /// Whether one of them has more addresses than a prefix of these lengths.
    func isWider(than lengths: PrefixLengths) -> Bool {
        ipv4.contains(where: lengths.isExceeded) || ipv6.contains(where: lengths.isExceeded)
    }

    /// Whether it has one set and nothing else: that is shared, not copied, so that a group of one list costs nothing.
    var isOneSet: Bool { ipv4.isEmpty && ipv6.isEmpty && sets.count == 1 }

    /// The set of all added addresses.
    consuming func build() -> AddressSet {
        if isOneSet { return sets[0] }
        for set in sets {
            ipv4 += set.ipv4.ranges
            ipv6 += set.ipv6.ranges
        }
        // Moves the arrays out of the builder: with one owner they are sorted in place.
        let ownedIPv4 = ipv4
        let ownedIPv6 = ipv6
        ipv4 = []
        ipv6 = []
        return AddressSet(ipv4: ownedIPv4, ipv6: ownedIPv6)
    }
}
