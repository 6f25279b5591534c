internal import Addressing

/// Gathers addresses and makes them one set at the end, which sorts them once.
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

    /// Adds lines of a list as `AddressRange.appendPlainLines(of:from:to:)` reads them, and returns what that returns.
    mutating func addPlainLines(of bytes: [UInt8], from start: Int) -> Int {
        AddressRange.appendPlainLines(of: bytes, from: start, to: &ipv4)
    }

    /// Adds every address of `set`.
    mutating func add(_ set: AddressSet) { sets.append(set) }

    /// The set of everything that was added.
    consuming func build() -> AddressSet {
        // A set that stands alone is shared, not copied: a group of one list costs nothing.
        if ipv4.isEmpty, ipv6.isEmpty, sets.count == 1 { return sets[0] }
        for set in sets {
            ipv4 += set.ipv4.ranges
            ipv6 += set.ipv6.ranges
        }
        // Given away, not lent: they are sorted in place.
        let (shortAddresses, longAddresses) = (ipv4, ipv6)
        (ipv4, ipv6) = ([], [])
        return AddressSet(ipv4: shortAddresses, ipv6: longAddresses)
    }
}
