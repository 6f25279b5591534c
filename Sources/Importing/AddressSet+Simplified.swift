internal import Addressing

extension AddressSet {
    /// Every address of a family.
    static func all(_ family: AddressFamily) -> AddressSet {
        family == .ipv4 ? AddressSet(ipv4: .all) : AddressSet(ipv6: .all)
    }

    /// The number of ranges.
    var count: Int { ipv4.ranges.count + ipv6.ranges.count }

    /// The part of one family.
    func part(_ family: AddressFamily) -> AddressSet { intersection([family]) }

    /// The addresses of the families that it has addresses of, without itself.
    var complement: AddressSet {
        let families = AddressFamily.allCases.filter { !part($0).isEmpty }
        return families.reduce(AddressSet()) { $0.union(.all($1)) }.subtracting(self)
    }

    /// Whether it is every address of one family, or is shorter to write as all but some.
    var isMostOfItsFamily: Bool { !isEmpty && complement.count < count }

    /// The shortest set between itself and itself with `spare`, whose addresses do not matter.
    func simplified(with spare: AddressSet) -> AddressSet {
        AddressFamily.allCases.map { family in
            let (own, spare) = (part(family), spare.part(family))
            if own.subtracting(spare).isEmpty { return AddressSet() }
            let candidates = [own, own.union(spare), own.subtracting(spare), own.union(own.gaps(in: spare))]
            return candidates.min { $0.cost < $1.cost } ?? own
        }.reduce(AddressSet()) { $0.union($1) }
    }

    /// The ranges of another set that lie between two ranges of this one.
    private func gaps(in spare: AddressSet) -> AddressSet {
        func between<Value: FixedWidthInteger>(_ own: IntervalSet<Value>, _ range: ClosedRange<Value>) -> Bool {
            range.lowerBound > .min && range.upperBound < .max && own.contains(range.lowerBound - 1)
                && own.contains(range.upperBound + 1)
        }
        return AddressSet(
            ipv4: IntervalSet(spare.ipv4.ranges.filter { between(ipv4, $0) }),
            ipv6: IntervalSet(spare.ipv6.ranges.filter { between(ipv6, $0) }))
    }

    /// The number of terms of the shortest way to write the set.
    private var cost: Int { min(count, 1 + complement.count) }
}
