import Addressing
import Policies
import TestSupport

/// Lists of sources that nest, overlap and are adjacent: all are near a few addresses.
struct RandomSources {
    var generator: SeededGenerator
    /// An address that is in no entry but `any`.
    let spared: IPAddress

    private static let ipv4Centres: [UInt32] = [
        0x0a00_0000, 0x0a80_ff00, 0x7fff_ff00, 0x8000_0000, 0xc000_0200, 0xc633_6400, 0xcb00_7180, 0xdfff_ff80,
    ]
    private static let ipv6Centres: [UInt128] = [
        0x2001_0db8 << 96, (0x2001_0db8 << 96) + (1 << 64), 0xfd00 << 112, (1 << 127) - 40,
        (0x2001_0db8 << 96) + 0xffff_ff80,
    ]
    private static let ipv4Lengths = [0, 1, 4, 7, 8, 9, 15, 16, 17, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32]
    private static let ipv6Lengths = [
        0, 1, 3, 8, 31, 32, 33, 47, 48, 63, 64, 65, 96, 119, 120, 121, 122, 124, 127, 128,
    ]

    init(seed: UInt64, sparing spared: IPAddress) {
        generator = SeededGenerator(seed: seed)
        self.spared = spared
    }

    /// The next address, near the addresses of the lists.
    mutating func address() -> IPAddress {
        if generator.flips(0.5) {
            return .ipv4(generator.pick(Self.ipv4Centres) &+ UInt32.random(in: 0..<256, using: &generator))
        }
        return .ipv6(generator.pick(Self.ipv6Centres) &+ UInt128(UInt32.random(in: 0..<256, using: &generator)))
    }

    /// The next list; its entries may include `groups`.
    mutating func list(_ groups: [SourceGroup], _ place: SourceLocation, allowsAny: Bool = true) -> SourceList {
        if allowsAny && generator.flips(0.2) { return SourceList(location: place, entries: ["any"], addresses: .any) }
        var entries: [String] = []
        var addresses = AddressSet()
        if !groups.isEmpty && generator.flips(0.4) {
            let group = generator.pick(groups)
            entries.append(group.name)
            addresses = group.addresses
            if generator.flips(0.6) { return SourceList(location: place, entries: entries, addresses: addresses) }
        }
        for range in ranges(upTo: generator.pick([1, 2, 4, 12, 40])) {
            entries.append("\(range)")
            addresses = addresses.union(Self.set(of: [range]))
        }
        return SourceList(location: place, entries: entries, addresses: addresses)
    }

    /// The next group.
    mutating func group(_ name: String, _ place: SourceLocation) -> SourceGroup {
        SourceGroup(name: name, location: place, addresses: Self.set(of: ranges(upTo: generator.pick([1, 3, 10, 60]))))
    }

    /// At least one range, of one family or of both.
    private mutating func ranges(upTo count: Int) -> [AddressRange] {
        let families = generator.pick([[AddressFamily.ipv4], [.ipv6], [.ipv4, .ipv6], [.ipv4, .ipv6]])
        return (0..<Int.random(in: 1...count, using: &generator)).map { _ in
            generator.pick(families) == .ipv4 ? .ipv4(ipv4Range()) : .ipv6(ipv6Range())
        }
    }

    private mutating func ipv4Range() -> ClosedRange<UInt32> {
        let centre = generator.pick(Self.ipv4Centres) &+ UInt32.random(in: 0..<256, using: &generator)
        if generator.flips(0.3) { return centre...(centre + UInt32.random(in: 0..<90, using: &generator)) }
        let lengths = generator.flips(0.2) ? Self.ipv4Lengths : Array(Self.ipv4Lengths.suffix(8))
        return ClosedRange(prefixOf: centre, length: generator.pick(lengths))
    }

    private mutating func ipv6Range() -> ClosedRange<UInt128> {
        let centre = generator.pick(Self.ipv6Centres) &+ UInt128(UInt32.random(in: 0..<256, using: &generator))
        if generator.flips(0.3) { return centre...(centre + UInt128(UInt32.random(in: 0..<90, using: &generator))) }
        let lengths = generator.flips(0.2) ? Self.ipv6Lengths : Array(Self.ipv6Lengths.suffix(7))
        let range = ClosedRange(prefixOf: centre, length: generator.pick(lengths))
        if case .ipv6(let value) = spared, range.contains(value) { return centre...centre }
        return range
    }

    private static func set(of ranges: [AddressRange]) -> AddressSet {
        var (ipv4, ipv6): ([ClosedRange<UInt32>], [ClosedRange<UInt128>]) = ([], [])
        for range in ranges {
            switch range {
            case .ipv4(let range): ipv4.append(range)
            case .ipv6(let range): ipv6.append(range)
            }
        }
        return AddressSet(ipv4: ipv4, ipv6: ipv6)
    }
}
