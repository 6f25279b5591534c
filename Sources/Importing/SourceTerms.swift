internal import Addressing
internal import Policies

/// Sets of sources in the notation of a policy: groups of the live tables, groups for what is written often, addresses.
struct SourceTerms {
    /// The terms of `from` and `except`.
    struct Terms: Hashable {
        var from: [String]
        var except: [String] = []
    }

    private let known: [LiveGroup]
    /// Whether the host speaks IPv4 only, so that every address of IPv4 is `any`.
    private let isIPv4Only: Bool
    /// How often each list of addresses is written.
    private(set) var uses: [AddressSet: Int] = [:]
    /// How often each list was written in an earlier attempt.
    private let earlier: [AddressSet: Int]
    private var taken: Set<String> = []
    /// The groups that are used, by their addresses, in the order of use.
    private(set) var groups: [(name: String, addresses: AddressSet)] = []
    private var names: [AddressSet: String] = [:]

    /// Longer lists become groups.
    private static let longest = 3

    /// Terms with the groups of the live tables; a list that was written several times in an earlier attempt becomes a group.
    init(_ known: [LiveGroup], isIPv4Only: Bool, after earlier: [AddressSet: Int] = [:]) {
        (self.known, self.isIPv4Only, self.earlier) = (known, isIPv4Only, earlier)
    }

    /// The terms of a set; a longer list becomes a group with this name.
    ///
    /// Without `withAny`, `any` does not stand for every address of IPv4 where the host speaks nothing else.
    mutating func terms(_ sources: AddressSet, naming name: String, withAny: Bool = true) -> Terms {
        if sources.isAny { return Terms(from: ["any"]) }
        let rest = sources.complement
        if rest.count < sources.count, !isKnown(sources) {
            let families = AddressFamily.allCases.filter { !sources.part($0).isEmpty }
            let isAll = families.count == 2 || withAny && isIPv4Only && families == [.ipv4]
            let from = isAll ? ["any"] : families.map(\.everyone)
            return Terms(from: from, except: rest.isEmpty ? [] : list(rest, naming: "excluded"))
        }
        return Terms(from: list(sources, naming: name))
    }

    /// The terms of a list, as `deny` and a group have it.
    ///
    /// A group never hides that everyone of a family is in it.
    mutating func list(_ sources: AddressSet, naming name: String) -> [String] {
        if let name = names[sources] {
            uses[sources, default: 0] += 1
            return [name]
        }
        let whole = sources.wholeFamilies
        var rest = whole.reduce(sources) { $0.subtracting(.all($1)) }
        guard !rest.isEmpty else { return whole.map(\.everyone) }
        var terms: [String] = []
        for group in known where !rest.isEmpty && rest.isSuperset(of: group.addresses) {
            // A group of one address says less than the address.
            guard group.addresses.count > 1 || group.addresses == rest else { continue }
            // Nor does one that leaves more to write than before.
            guard rest.subtracting(group.addresses).count < rest.count else { continue }
            terms.append(use(group.addresses, group.name))
            rest = rest.subtracting(group.addresses)
        }
        uses[rest, default: 0] += 1
        if rest.count > Self.longest || rest.count > 1 && earlier[rest, default: 0] > 1 {
            // The name of one line would mislead in another one.
            let isShared = earlier[rest, default: 0] > 1
            terms.append(use(rest, !isShared ? name : name.hasSuffix("-servers") ? "servers" : "allowed-hosts"))
        } else {
            terms += rest.terms
        }
        return terms + whole.map(\.everyone)
    }

    private func isKnown(_ sources: AddressSet) -> Bool { known.contains { $0.addresses == sources } }

    /// The group with these addresses, which is made if it is new.
    private mutating func use(_ addresses: AddressSet, _ name: String) -> String {
        if let known = names[addresses] { return known }
        let name = PolicyName.unique(PolicyName.valid(name, prefix: "from-"), &taken)
        groups.append((name, addresses))
        names[addresses] = name
        return name
    }
}

extension AddressFamily {
    /// All of its addresses as a policy writes them.
    var everyone: String { self == .ipv4 ? "0.0.0.0/0" : "::/0" }
}

extension AddressSet {
    /// Each range as a policy writes it; a range of a few networks as these.
    var terms: [String] {
        ipv4.ranges.flatMap(\.networks).map(IPv4Address.text(of:))
            + ipv6.ranges.flatMap(\.networks).map(IPv6Address.text(of:))
    }
}

extension ClosedRange where Bound: FixedWidthInteger & UnsignedInteger {
    /// The two or three networks that it has, none of them smaller than 8 addresses or larger than the first 8 bits tell apart; otherwise
    /// the range.
    ///
    /// The kernel joins networks that follow each other in a set. A range of other addresses was probably written as one.
    fileprivate var networks: [Self] {
        let (most, shortest) = (3, 3)
        var found: [Self] = []
        var start = lowerBound
        while found.count < most {
            let rest = upperBound - start
            guard rest < .max else { return [self] }
            let free = start == 0 ? Bound.bitWidth : start.trailingZeroBitCount
            let length = Swift.min(free, Bound.bitWidth - 1 - (rest + 1).leadingZeroBitCount)
            guard length >= shortest, length <= Bound.bitWidth - 8 else { return [self] }
            let end = start + (1 << Bound(length) - 1)
            found.append(start...end)
            if end == upperBound { return found }
            start = end + 1
        }
        return [self]
    }
}
