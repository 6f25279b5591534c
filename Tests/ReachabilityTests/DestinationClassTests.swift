import Addressing
import Kernel
import Rulesets
import TestSupport
import Testing

@testable import Reachability

@Suite("Classes of destinations", .privileged, .networkNamespace)
struct DestinationClassTests {
    /// The addresses of the host: some are named by the rules.
    private static let hosts: [AddressSet?] = [
        addresses([0x7f00_0001, 0xc000_0201]), addresses([0xc000_0201, 0xc000_0202, 0xc000_0203, 0xc633_6401]),
        addresses((0xc000_0200...0xc000_020f as ClosedRange<UInt32>).map(\.self)), nil,
    ]

    private static func addresses(_ numbers: [UInt32]) -> AddressSet {
        AddressSet(ipv4: numbers.map { $0...$0 }, ipv6: [1...1])
    }

    /// One evaluation serves all classes on the ports where no test of the destination tells them apart.
    @Test("Have the access that an evaluation of each class alone gives")
    func spliced() throws {
        var rulesets = RandomDispatch(seed: 1)
        var differing = 0
        for number in 0..<24 {
            let text = rulesets.next()
            try NftProgram.load(text)
            let table = try #require(try Nftables().snapshot(of: TableName(family: .inet, name: "t")).table)
            let circumstances = Circumstances(now: 0, addresses: Self.hosts[number % Self.hosts.count])
            let regions = AccessRegions([table], in: circumstances)
            let survey = Survey(
                [table], circumstances, [.tcp, .udp], InterfaceClass.all(in: [table]),
                PacketPath.arriving.destinations(in: [table], circumstances), [nil], regions.spaces, regions.rules,
                keepsRefusals: false)
            // Those of lo are computed when they are asked for.
            for key in survey.keys where key.interface != .loopback {
                let alone = AccessRegions.Segment.all(
                    of: survey.evaluate(key, .arriving), regions.spaces[key.family], survey.budget)
                let found = try #require(regions.segments[key]?.all)
                #expect(found.map(\.values) == alone.map(\.values), "\(key.destination)\n\(text)")
                let isOther = try #require(regions.segments[key]).ports.isEmpty == false
                if isOther, found.count > 1 { differing += 1 }
            }
        }
        #expect(differing > 10)
    }

    /// Changes that most classes share are kept once.
    @Test("Have the changes that a comparison of each class alone gives")
    func changes() throws {
        var rulesets = RandomDispatch(seed: 2)
        var differing = 0
        for number in 0..<12 {
            let hosts = Self.hosts[number % Self.hosts.count]
            let tables = try (0..<2).map { _ in
                try NftProgram.load(rulesets.next())
                return try #require(try Nftables().snapshot(of: TableName(family: .inet, name: "t")).table)
            }
            let difference = AccessDifference(
                from: [tables[0]], to: [tables[1]], in: Circumstances(now: 0, addresses: hosts))
            for key in difference.before.keys where key.interface != .loopback {
                let old = try #require(difference.before.segments[key]?.all)
                let new = try #require(difference.after.segments[key]?.all)
                for port in Set((old + new).map(\.ports.lowerBound)) {
                    let (was, willBe) = (
                        try old.access(port, difference, key.family), try new.access(port, difference, key.family)
                    )
                    let gained = willBe.open.subtracting(was.open).subtracting(was.unknown)
                    let lost = was.open.subtracting(willBe.open).subtracting(willBe.unknown)
                    #expect(difference.gained.sources(key, port) == gained, "gained at \(port), \(key)")
                    #expect(difference.lost.sources(key, port) == lost, "lost at \(port), \(key)")
                    if key.destination != .all, !gained.isEmpty || !lost.isEmpty { differing += 1 }
                }
            }
        }
        #expect(differing > 20)
    }
}

extension AccessRegions.Segment {
    fileprivate var values: [[Int]] {
        [[Int(ports.lowerBound), Int(ports.upperBound)], ["\(open)".hashValue, "\(unknown)".hashValue], doubts]
    }
}

extension [AccessRegions.Segment] {
    /// The sources that can connect to a port, and those that perhaps can.
    fileprivate func access(
        _ port: UInt16, _ difference: AccessDifference, _ family: AddressFamily
    ) throws -> (open: AddressSet, unknown: AddressSet) {
        let segment = try #require(first { $0.ports.contains(port) })
        let spaces = difference.before.spaces
        return (spaces.addresses(segment.open, family), spaces.addresses(segment.unknown, family))
    }
}

extension [AccessChange] {
    /// The sources whose access to a port changes in the class.
    fileprivate func sources(_ key: AccessRegions.Key, _ port: UInt16) -> AddressSet {
        let fitting = filter { change in
            change.transport == key.transport && change.family == key.family && change.ports.contains(port)
                && (change.interfaces.isEmpty || change.interfaces.contains(key.interface.pattern))
                && (change.destinations.isEmpty || change.destinations.contains(key.destination))
        }
        return fitting.map(\.sources).reduce(AddressSet()) { $0.union($1) }
    }
}

/// Random rulesets that choose chains, and verdicts, by destination, port and source.
private struct RandomDispatch {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private static let addresses = (1...9).map { "192.0.2.\($0)" } + ["198.51.100.1", "127.0.0.1"]
    private static let ranges = [
        "192.0.2.0/29", "192.0.2.4-192.0.2.7", "198.51.100.0/24", "10.0.0.0/8", "192.0.2.2/31",
    ]
    private static let ports = ["22", "80", "443", "1000-2000", "1500-1600"]

    /// The text of the next ruleset: a base chain, and chains that go only to later ones.
    mutating func next() -> String {
        let names = ["a", "b", "c"]
        var text =
            "table inet t {}\ndelete table inet t\ntable inet t {\nset s { type ipv4_addr; flags interval; elements = { \(range()), 203.0.113.1 } }\n"
        for (index, name) in names.enumerated() {
            text += "chain \(name) {\n\(rules(Array(names[(index + 1)...])))}\n"
        }
        let policy = generator.pick(["drop", "accept"])
        return text
            + "chain input {\ntype filter hook input priority 0; policy \(policy);\n\(dispatch(names))\(rules(names))}\n}"
    }

    /// A rule that surely makes classes.
    private mutating func dispatch(_ chains: [String]) -> String {
        "ip daddr vmap { \(address()) : goto \(generator.pick(chains)), 192.0.2.100 : goto \(generator.pick(chains)) }\n"
    }

    private mutating func rules(_ chains: [String]) -> String {
        (0..<generator.pick(2...6)).map { _ in rule(chains) + "\n" }.joined()
    }

    private mutating func address() -> String { generator.pick(Self.addresses) }
    private mutating func range() -> String { generator.pick(Self.ranges) }
    private mutating func port() -> String { generator.pick(Self.ports) }

    private mutating func verdict(_ chains: [String]) -> String {
        guard let chain = chains.isEmpty ? nil : generator.pick(chains) else {
            return generator.pick(["accept", "drop", "return"])
        }
        return generator.pick(["accept", "drop", "return", "goto \(chain)", "goto \(chain)", "jump \(chain)"])
    }

    private mutating func rule(_ chains: [String]) -> String {
        let verdict = verdict(chains)
        let addresses = Array(Set([address(), address(), address()])).sorted()
        let list = addresses.joined(separator: ", ")
        switch generator.pick(0...15) {
        case 0: return "ip daddr \(address()) \(verdict)"
        case 1: return "ip daddr != \(address()) \(verdict)"
        case 2: return "ip daddr \(range()) \(verdict)"
        case 3: return "ip daddr { \(list) } \(verdict)"
        case 4: return "ip daddr != { \(list) } tcp dport \(port()) \(verdict)"
        case 5: return "ip daddr & 0.0.0.1 == 0.0.0.1 \(verdict)"
        case 6: return "ip daddr >= \(address()) tcp dport \(port()) \(verdict)"
        case 7: return "ip daddr . tcp dport { \(address()) . 22, 192.0.2.50 . 80 } \(verdict)"
        case 8: return "tcp dport \(port()) ip daddr @s \(verdict)"
        case 9: return "tcp dport \(port()) ip saddr 10.0.0.0/9 ip daddr \(address()) \(verdict)"
        case 10: return "ip daddr vmap { \(addresses.map { "\($0) : \(verdict)" }.joined(separator: ", ")) }"
        case 11: return "tcp dport \(port()) ip daddr vmap { 192.0.2.0/30 : \(verdict), 192.0.2.8-192.0.2.9 : drop }"
        case 12: return "meta mark set ip daddr map { \(address()) : 1, 192.0.2.60 : 2 }\nmeta mark 1 \(verdict)"
        case 13:
            let query = generator.pick(["fib daddr type local", "fib daddr . iif type local", "fib daddr oif != lo"])
            return "\(query) tcp dport \(port()) \(verdict)"
        case 14: return "tcp dport \(port()) ip saddr . ip daddr { 10.0.0.1 . \(address()) } \(verdict)"
        default: return "tcp dport \(port()) \(verdict)"
        }
    }
}
