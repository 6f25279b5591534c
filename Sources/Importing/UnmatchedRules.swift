internal import Addressing
internal import Reachability
internal import Rulesets

/// The rules that a policy replaces although no packet matches them, so that nothing in it stands for them.
struct UnmatchedRules {
    /// Sentences about them.
    private(set) var sentences: [String] = []

    /// The rules of a takeover.
    ///
    /// - Parameters:
    ///   - takeover: the tables.
    ///   - tables: all live tables, which may set marks.
    ///   - circumstances: those in which packets meet them.
    init(_ takeover: Takeover, among tables: [Table], in circumstances: Circumstances) {
        let native = tables.map(\.withNativeExtensions)
        let reached = circumstances.addresses.map {
            $0.union(.reachedByAll).union(AddressSet(circumstances.broadcasts))
        }
        let marks = PossibleMarks(native, reaching: reached)
        let rules = takeover.whole.map(\.withNativeExtensions).filter { !$0.isOfNeighbour }.flatMap { table in
            table.replacedRules.map { (table, $0) }
        }
        let unmarked = rules.filter { table, place in place.rule.map { marks.excludes($0, of: table) } ?? false }
        if let names = unmarked.map(\.1).names {
            let (verb, they) = unmarked.count == 1 ? ("tests", "it matches") : ("test", "they match")
            sentences.append(
                "No rule that matches a packet sets the mark that \(names) \(verb): \(they) no packet, unless a filter of tc or a BPF program sets it."
            )
        }
        guard let reached else { return }
        let strange = rules.map(\.1).filter { place in
            guard let rule = place.rule, rule.letsIn,
                let table = native.first(where: { $0.name == place.table }),
                let destinations = rule.destinations(in: table)
            else { return false }
            return !destinations.isEmpty && destinations.intersection(reached).isEmpty
        }
        sentences += Self.leftOut(strange, native)
    }

    /// A sentence with the addresses that rules are for, and their ports; with the rules where these are for more than one port.
    private static func leftOut(_ rules: [RuleReference], _ tables: [Table]) -> [String] {
        var ports: [String: [String]] = [:]
        var addresses: [String] = []
        for place in rules {
            guard let rule = place.rule, let table = tables.first(where: { $0.name == place.table }),
                let destinations = rule.destinations(in: table)
            else { continue }
            let address = destinations.terms.rules(atMost: listedAddresses).joined(separator: ", ")
            let port = rule.onlyPort.map { "\($0.1)/\($0.0.name)" } ?? [place].names ?? ""
            if ports[address] == nil { addresses.append(address) }
            if ports[address]?.contains(port) != true { ports[address, default: []].append(port) }
        }
        let texts = addresses.map { "\($0) (\(ports[$0]?.joined(separator: ", ") ?? ""))" }
        return texts.isEmpty ? [] : ["Left out, since this host has no such address: \(texts.joined(separator: ", "))."]
    }

    /// More addresses of one rule than these are counted.
    private static let listedAddresses = 3
}

extension Table {
    /// The rules that packets to this host meet in the filters and translations of people, not of programs.
    var replacedRules: [RuleReference] {
        var seen: Set<String> = []
        let all = chains.filter(\.meetsArrivals).flatMap { chains(from: $0) { !isOfNeighbour($0) } }
        return all.filter { seen.insert($0.name).inserted }.flatMap { chain in
            chain.rules.enumerated().filter { !isOfNeighbour($0.element) }.map {
                RuleReference(table: name, chain: chain.name, index: $0.offset, rule: $0.element)
            }
        }
    }
}

extension Chain {
    /// Whether it filters packets to this host, or translates their destination.
    fileprivate var meetsArrivals: Bool {
        guard let base else { return false }
        return decidesOnInput || base.type == "nat" && base.hook == .prerouting
    }
}

extension Rule {
    /// Whether it may let in what it matches.
    fileprivate var letsIn: Bool {
        switch expressions.last {
        case .verdict(.accept), .verdict(.jump), .verdict(.goto), .translate, .redirect: true
        default: false
        }
    }
}

extension AddressSet {
    /// The addresses of groups and of all hosts (RFC 5771, RFC 4291 2.7, RFC 919 7), of loopback, and of the link, which change with the
    /// hardware.
    fileprivate static let reachedByAll = AddressSet(
        ipv4: IntervalSet([0xe000_0000...0xefff_ffff, UInt32.max...UInt32.max]),
        ipv6: IntervalSet([0xff << 120...UInt128.max])
    ).union(.loopback).union(.linkLocal)

    /// The set of these addresses.
    fileprivate init(_ addresses: Set<IPAddress>) { self = addresses.reduce(AddressSet()) { $0.union(AddressSet($1)) } }
}
