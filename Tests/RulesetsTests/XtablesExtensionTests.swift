import Rulesets
import Testing

/// The bytes of a number as they are in this machine's memory.
private func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    let bytes = (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    return Number(littleEndian: 1) == 1 ? bytes : bytes.reversed()
}

private func host(_ numbers: UInt16...) -> [UInt8] { numbers.flatMap { bytes($0) } }

private func host32(_ numbers: UInt32...) -> [UInt8] { numbers.flatMap { bytes($0) } }

private func match(_ name: String, _ info: [UInt8]) -> XtablesExtension { match(name, 0, info) }

private func match(_ name: String, _ revision: UInt32, _ info: [UInt8]) -> XtablesExtension {
    XtablesExtension(.match, name: name, revision: revision, info: info)
}

private func target(_ name: String, _ revision: UInt32, _ info: [UInt8]) -> XtablesExtension {
    XtablesExtension(.target, name: name, revision: revision, info: info)
}

@Suite("Extensions of iptables as native expressions")
struct XtablesExtensionTests {
    /// `struct xt_tcp`.
    private static func tcp(
        _ source: ClosedRange<UInt16> = 0...65535, _ port: ClosedRange<UInt16> = 0...65535, option: UInt8 = 0,
        flags: [UInt8] = [0, 0], inversions: UInt8 = 0
    ) -> [UInt8] {
        host(source.lowerBound, source.upperBound, port.lowerBound, port.upperBound) + [option] + flags + [inversions]
    }

    /// `struct xt_multiport_v1` for destinations.
    private static func multiport(_ ports: [UInt16], marks: [UInt8] = [], side: UInt8 = 1, inversion: UInt8 = 0)
        -> [UInt8]
    {
        let padded = ports + Array(repeating: 0, count: 15 - ports.count)
        return [side, UInt8(ports.count)] + padded.flatMap { host($0) } + marks
            + Array(repeating: 0, count: 15 - marks.count) + [inversion]
    }

    /// `struct nf_nat_range2` for IPv4.
    private static func range(_ flags: UInt32, _ last: [UInt8] = [10, 0, 0, 1], _ ports: [UInt8] = [0, 80, 0, 80])
        -> [UInt8]
    {
        let rest = [UInt8](repeating: 0, count: 12)
        return host32(flags) + [10, 0, 0, 1] + rest + last + rest + ports + [0, 0, 0, 0]
    }

    /// `struct xt_udp` with any source port.
    private static func udp(_ first: UInt16, _ last: UInt16) -> [UInt8] { host(0, 65535, first, last) + [0] }

    /// `struct xt_addrtype_info_v1`.
    private static func addressType(_ source: UInt16, _ destination: UInt16, _ flags: UInt32 = 0) -> [UInt8] {
        host(source, destination) + host32(flags)
    }

    /// `struct nf_nat_ipv4_multi_range_compat`.
    private static func compatRange(_ count: UInt32, _ flags: UInt32, _ ports: [UInt8] = [0, 0, 0, 0]) -> [UInt8] {
        host32(count, flags) + [0, 0, 0, 0, 0, 0, 0, 0] + ports
    }

    static let matches: [(XtablesExtension, String?)] = [
        (match("comment", []), ""), (match("tcp", tcp()), ""), (match("tcp", tcp(1...2)), "th sport 1-2"),
        (match("tcp", tcp(0...65535, 80...80)), "th dport 80-80"),
        (match("tcp", tcp(0...65535, 80...80, inversions: 2)), "th dport != 80-80"),
        (match("tcp", tcp(1...1, 2...2, inversions: 3)), "th sport != 1-1 th dport != 2-2"),
        (match("tcp", tcp(option: 9)), nil), (match("tcp", 1, tcp()), nil),
        (match("tcp", Array(tcp().dropLast())), nil), (match("udp", udp(53, 53)), "th dport 53-53"),
        (match("udp", udp(9, 8)), nil),
        (match("multiport", 1, multiport([1, 3, 5], marks: [0, 1, 0])), "th dport { 1, 3-5 }"),
        (match("multiport", 1, multiport([1, 2], inversion: 1)), "th dport != { 1-2 }"),
        (match("multiport", 1, multiport([1], side: 0)), nil), (match("multiport", 0, multiport([1])), nil),
        (match("multiport", 1, multiport([9, 3], marks: [1])), nil),
        (match("addrtype", 1, addressType(0, 4)), "fib daddr type local"),
        (match("addrtype", 1, addressType(0, 4, 2)), "fib daddr type != local"),
        (match("addrtype", 1, addressType(4, 4)), "fib saddr type local fib daddr type local"),
        (match("addrtype", 1, addressType(0, 6)), "fib daddr type { 0x01000000, 0x02000000 }"),
        (match("addrtype", 1, addressType(0, 4, 1)), "fib daddr type local"), (match("recent", []), nil),
    ]

    static let targets: [(XtablesExtension, String?)] = [
        (target("DNAT", 2, range(3)), "dnat ip to 10.0.0.1:80"), (target("DNAT", 2, range(1)), "dnat ip to 10.0.0.1"),
        (target("DNAT", 2, range(2)), "dnat ip to :80"), (target("SNAT", 1, range(1)), "snat ip to 10.0.0.1"),
        (target("SNAT", 2, range(3)), "snat ip to 10.0.0.1:80"),
        (target("DNAT", 2, range(3, [10, 0, 0, 9], [0, 80, 0, 90])), "dnat ip to 10.0.0.1-10.0.0.9:80-90"),
        (target("DNAT", 2, Array(range(3).prefix(39))), nil), (target("DNAT", 9, range(3)), nil),
        (target("REDIRECT", 0, compatRange(1, 2, [31, 144, 31, 144])), "redirect to :8080"),
        (target("REDIRECT", 0, compatRange(1, 0)), "redirect"), (target("REDIRECT", 0, compatRange(2, 2)), nil),
        (target("LOG", 0, []), nil),
    ]

    @Test("Each, as nft writes it", arguments: matches + targets)
    func native(part: XtablesExtension, text: String?) {
        #expect(part.native(in: .ipv4).map { Rule($0).text(in: .ipv4) } == text)
    }

    /// `struct xt_conntrack_mtinfo3`.
    private static func conntrack(_ flags: UInt16, _ inversions: UInt16, _ states: UInt16) -> [UInt8] {
        Array(repeating: 0, count: 146) + host(flags, inversions, states) + Array(repeating: 0, count: 8)
    }

    static let states: [([UInt8], String?)] = [
        (conntrack(1, 0, 8), "ct state new"), (conntrack(1, 1, 2), "ct state ! established"),
        (conntrack(1 | 1 << 13, 0, 1 << 8), "ct state untracked"), (conntrack(1, 0, 1 << 9), nil),
        (conntrack(3, 0, 8), "ct state new ct original protocol 0"), (Array(conntrack(1, 0, 8).prefix(151)), nil),
    ]

    @Test("States of connections", arguments: states)
    func state(info: [UInt8], text: String?) {
        for revision in 2...3 as ClosedRange<UInt32> {
            #expect(match("conntrack", revision, info).native(in: .ipv4).map { Rule($0).description } == text)
        }
    }

    @Test("A translation of the source, if its address is not known", arguments: ["SNAT", "MASQUERADE"])
    func source(name: String) {
        let translation = AddressTranslation(.source, family: 10, addresses: nil)
        #expect(target(name, 7, []).native(in: .ipv6) == [.translate(translation)])
    }

    @Test("Flags of TCP are a mask and a comparison")
    func flags() {
        let expressions = match("tcp", Self.tcp(flags: [0x12, 0x02], inversions: 4)).native(in: .ipv4)
        #expect(
            expressions == [
                .payload(Payload(base: .transport, offset: 13, length: 1)), .bitwise(BitwiseMask(mask: [0x12])),
                .compare(Comparison(.notEqual, [0x02])),
            ])
    }

    @Test("A table keeps the extensions without an equivalent")
    func table() {
        let (known, unknown) = (match("comment", []), match("recent", []))
        let rule = Rule([.xtables(known), .counter, .xtables(unknown), .verdict(.drop)], comment: "why")
        let table = Table(
            name: TableName(family: .ipv4, name: "filter"),
            chains: [Chain(name: "INPUT", rules: [rule, Rule([.counter])])])
        #expect(
            table.withNativeExtensions.chains[0].rules == [
                Rule([.counter, .xtables(unknown), .verdict(.drop)], comment: "why"), Rule([.counter]),
            ])
        #expect(unknown.description == "xt match \"recent\"")
    }
}
