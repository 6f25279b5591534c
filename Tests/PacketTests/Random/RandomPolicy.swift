import Addressing
import Policies
import TestSupport

/// Policies with every feature of portreeve-policy(5); no packet of a test reaches their limits.
struct RandomPolicy {
    /// The ports of probes; the ranges of a policy start and end at them or next to them.
    static let ports: [UInt16] = [
        2, 21, 22, 23, 79, 80, 81, 442, 443, 444, 545, 546, 547, 1023, 1024, 1025, 7999, 8000, 8001, 8100, 8101, 32768,
        65534, 65535,
    ]
    /// The interfaces of the host: one name is a prefix of another, and one has the maximum length.
    static let interfaces = ["eth0", "eth01", "wg-fifteen-char"]
    /// A port, and a source in no `deny`, that every policy accepts.
    static let sentinel = (port: UInt16(1), source: IPAddress.ipv6(0x2001_0db8_5e17 << 80 | 1))

    private static let patterns: [InterfacePattern] = [
        InterfacePattern(name: "eth0", isPrefix: false), InterfacePattern(name: "eth01", isPrefix: false),
        InterfacePattern(name: "wg-fifteen-char", isPrefix: false), InterfacePattern(name: "eth", isPrefix: false),
        InterfacePattern(name: "eth", isPrefix: true), InterfacePattern(name: "eth0", isPrefix: true),
        InterfacePattern(name: "wg-fifteen-cha", isPrefix: true), InterfacePattern(name: "w", isPrefix: true),
        InterfacePattern(name: "lo", isPrefix: false),
    ]
    /// GRE, ESP, OSPF and VRRP.
    static let protocols = ([47, 50, 89, 112] as [UInt8]).map(TransportProtocol.init(rawValue:))
    /// A rate that no test reaches.
    private static let highRate = Rate(count: 1_000_000, unit: .second)
    private static let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)

    var generator: SeededGenerator
    private var sources: RandomSources

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        sources = RandomSources(seed: ~seed, sparing: Self.sentinel.source)
    }

    /// The next policy; expiries are around `now`, in seconds since 1970, and far from it.
    mutating func next(now: Int64) -> Policy {
        let groups = ["alpha", "beta", "gamma"].map { sources.group($0, Self.place) }
        let deny = generator.flips(0.4) ? sources.list(groups.dropLast(), Self.place, allowsAny: false) : nil
        var services = ["api", "db", "dns", "mail", "ssh", "web"].compactMap { name in
            generator.flips(0.8) ? service(name, groups, now) : nil
        }
        for transport in TransportProtocol.withPorts where generator.flips(0.9) { share(transport, among: &services) }
        for transport in Self.protocols where !services.isEmpty && generator.flips(0.7) {
            let owner = Int.random(in: 0..<services.count, using: &generator)
            services[owner].ports.append(ServicePort(transport, location: Self.place))
        }
        var opened = services.filter { !$0.ports.isEmpty }
        if !opened.isEmpty, generator.flips(0.5) { bind(&opened, groups, now) }
        opened.append(Self.sentinelService)
        var policy = Policy(
            defaults: defaults(groups), groups: groups, deny: deny, trusted: trusted(groups, now), services: opened,
            files: ["policy.yaml"])
        if deny != nil, generator.flips(0.4) {
            policy.neverDeny = sources.list(Array(groups.dropFirst()), Self.place, allowsAny: false)
        }
        return policy
    }

    /// The service of the sentinel.
    static let sentinelService = Service(
        name: "sentinel", location: place,
        ports: [ServicePort(transport: .tcp, range: sentinel.port...sentinel.port, location: place)],
        sources: SourceList(location: place, entries: ["any"], addresses: .any))

    /// The address of the host on the wire of an interface.
    static func destination(on interface: String, _ family: AddressFamily) -> IPAddress? {
        interfaces.firstIndex(of: interface).flatMap {
            try? Wire(interface: interface, number: $0 + 1).host(family)
        }
    }

    /// Lists of the addresses of the wires, in pairs without a common address; one list is long.
    private static let destinations: [([String], [String])] = [
        (["10.255.0.1"], ["10.255.0.2-10.255.0.3"]), (["fd00:ffff::1"], ["10.255.0.0/24"]),
        (["10.255.0.2/31", "fd00:ffff::2/127"], ["10.255.0.1", "fd00:ffff::1"]),
        (["10.255.0.1", "10.255.0.3", "10.255.0.5", "10.255.0.7", "fd00:ffff::3"], ["10.255.0.2", "fd00:ffff::/127"]),
        (["10.255.0.0/31", "10.255.0.3", "10.255.0.8/29", "10.255.0.32/27"], ["10.255.0.2", "fd00::/16"]),
    ]

    /// Binds a service to addresses of the host, and gives its ports at other addresses to another service.
    private mutating func bind(_ services: inout [Service], _ groups: [SourceGroup], _ now: Int64) {
        let index = Int.random(in: 0..<services.count, using: &generator)
        let (here, there) = generator.pick(Self.destinations)
        services[index].destinations = Self.list(here)
        guard generator.flips(0.7) else { return }
        var twin = service("twin", groups, now)
        (twin.ports, twin.destinations) = (services[index].ports, Self.list(there))
        services.append(twin)
    }

    private static func list(_ entries: [String]) -> SourceList {
        let addresses = entries.compactMap { try? AddressRange($0) }.map(AddressSet.init)
        return SourceList(location: place, entries: entries, addresses: addresses.reduce(AddressSet()) { $0.union($1) })
    }

    private mutating func defaults(_ groups: [SourceGroup]) -> Defaults {
        var defaults = Defaults(
            inbound: generator.pick([.drop, .reject]),
            log: generator.flips(0.3) ? Rate(count: 5, unit: .minute) : nil,
            ping: generator.pick([.accept, .accept, .drop, .limited(Self.highRate)]),
            // The sentinel comes over IPv6.
            families: generator.flips(0.2) ? [.ipv6] : [.ipv4, .ipv6])
        if defaults.families.count == 2, defaults.ping != .drop, generator.flips(0.5) {
            defaults.pingSources = sources.list(groups, Self.place)
        }
        return defaults
    }

    private mutating func service(_ name: String, _ groups: [SourceGroup], _ now: Int64) -> Service {
        let why = generator.flips(0.5) ? "Serves \(name)" : nil
        let listsEntries = generator.flips(0.4)
        let entries = (0..<(listsEntries ? generator.pick([1, 2, 3]) : 1)).map { _ in entry(groups, now, why) }
        var service = Service(name: name, location: Self.place, ports: [], entries: entries, why: why)
        service.listsEntries = listsEntries
        return service
    }

    private mutating func entry(_ groups: [SourceGroup], _ now: Int64, _ why: String?) -> AllowEntry {
        let isForNobody = !groups.isEmpty && generator.flips(0.05)
        if isForNobody { return AllowEntry(location: Self.place, sources: .nobody(Self.place), why: why) }
        return AllowEntry(
            location: Self.place, sources: sources.list(groups, Self.place),
            except: generator.flips(0.2) ? sources.list(groups, Self.place, allowsAny: false) : nil,
            interfaces: interfaces([0, 0, 0, 1, 2]),
            limit: generator.flips(0.2)
                ? ConnectionLimit(rate: Self.highRate, burst: 100_000, isShared: generator.flips(0.3)) : nil,
            connections: generator.flips(0.15) ? 100_000 : nil, log: generator.flips(0.3),
            expires: generator.flips(0.25) ? expiry(now) : nil, why: why)
    }

    private mutating func interfaces(_ counts: [Int]) -> [InterfacePattern] {
        let interfaces = Set((0..<generator.pick(counts)).map { _ in generator.pick(Self.patterns) })
        return interfaces.sorted { "\($0)" < "\($1)" }
    }

    /// Entries of `trusted`, most with interfaces, and few sources where there are none: most packets must meet services.
    private mutating func trusted(_ groups: [SourceGroup], _ now: Int64) -> [Trusted] {
        ["backup", "lan"].compactMap { name in
            guard generator.flips(0.2) else { return nil }
            var entry = entry([], now, nil)
            (entry.limit, entry.connections) = (nil, nil)
            entry.interfaces = interfaces([1, 1, 2])
            if entry.sources.addresses.isAny && entry.interfaces.count > 1 { entry.interfaces.removeLast() }
            return Trusted(name: name, entry: entry)
        }
    }

    /// An hour, a century and more before or after; 9214646399 is the last second of 2261, the last year of a policy.
    private mutating func expiry(_ now: Int64) -> Expiry {
        let end = generator.pick([now - 3600, now + 3600, now - 86400 * 365, now + 86400 * 36500, 0, 9_214_646_399])
        return Expiry(end: end, written: "\(end)")
    }

    /// Gives ports and ranges of the protocol to services; no two overlap, and many are adjacent.
    private mutating func share(_ transport: TransportProtocol, among services: inout [Service]) {
        guard !services.isEmpty else { return }
        var index = 0
        while index < Self.ports.count {
            let count = generator.pick([1, 1, 1, 2, 3, 6])
            if generator.flips(0.6) {
                let range = range(at: index, count)
                let owner = Int.random(in: 0..<services.count, using: &generator)
                services[owner].ports.append(ServicePort(transport: transport, range: range, location: Self.place))
            }
            index += count
        }
    }

    /// A range from a port of the list to a later one, or to a port just below or between.
    private mutating func range(at index: Int, _ count: Int) -> ClosedRange<UInt16> {
        let last = min(index + count, Self.ports.count) - 1
        let beyond = last + 1 < Self.ports.count ? Self.ports[last + 1] - 1 : Self.ports[last]
        return Self.ports[index]...(generator.flips(0.3) ? beyond : Self.ports[last])
    }
}

extension SourceList {
    /// `from: nobody`.
    fileprivate static func nobody(_ place: SourceLocation) -> SourceList {
        SourceList(location: place, entries: [SourceList.nobody], addresses: AddressSet())
    }
}
