import Foundation
import Kernel
import Rulesets
import TestSupport
import Testing

@Suite("Names of tables, chains, sets and interfaces that are not text", .privileged, .networkNamespace)
struct NameBytesTests {
    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(
            "version: 1\nservices: {web: {ports: [80, 443], from: any, optional: true, why: x}}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    private func load(_ table: Table) throws {
        let kernel = try Nftables()
        let live = try kernel.snapshot(of: table.name)
        _ = try kernel.commit(Transaction(from: live.table, to: table, named: table.name), onto: live)
    }

    /// A table that drops a TCP port, with a chain and a set of the other name.
    private func blocking(_ name: String, _ port: UInt16, _ other: String) -> Table {
        let isPort: [Rulesets.Expression] = [
            .meta(.transportProtocol, into: .first), .compare(Comparison([6])),
            .payload(Payload(base: .transport, offset: 2, length: 2)),
            .compare(Comparison([UInt8(port >> 8), UInt8(port & 0xff)])),
        ]
        let base = BaseChain(type: "filter", hook: .input, priority: -5, policy: .accept)
        return Table(
            name: TableName(family: .ipv4, name: name),
            chains: [
                Chain(name: other, base: base, rules: [Rule([.verdict(.jump("K\\xe2\\x84\\xaa"))])]),
                Chain(name: "K\\xe2\\x84\\xaa", rules: [Rule(isPort + [.verdict(.drop)])]),
                Chain(name: "KK", rules: []),
            ],
            sets: [
                NamedSet(
                    name: other, definition: SetDefinition(keyType: 7, keyLength: 4), elements: .ranges32([]))
            ])
    }

    @Test("Two such tables are two, with their own effects, and no chain or set merges with another")
    func neighbours() throws {
        try load(blocking("\\xff", 80, "\\xfe"))
        try load(blocking("\\xfe", 443, "\\xff"))
        let listing = try portreeve.shell("nft list tables | LC_ALL=C tr '\\376\\377' ab")
        #expect(listing.contains("table ip a\n") && listing.contains("table ip b\n"), "\(listing)")
        let result = try portreeve("verify", policy, "--only", "ruleset")
        #expect(result.output.contains("ip \\xff drops connections to tcp/80"), "\(result)")
        #expect(result.output.contains("ip \\xfe drops connections to tcp/443"), "\(result)")
        #expect(try portreeve("explain", "192.0.2.1", "80", policy).output.hasPrefix("refuse: "))
        #expect(try portreeve("status", policy).output.contains("(ip \\xfe, ip \\xff)"))
    }

    @Test("In portreeve's own table they are drift, and apply, the undo and remove take them out")
    func own() throws {
        let kernel = try Nftables()
        let name = TableName(family: .inet, name: "portreeve")
        func spoil() throws {
            var table = try #require(try kernel.snapshot(of: name).table)
            table = Table(
                name: name, flags: table.flags, userdata: table.userdata,
                chains: table.chains + [Chain(name: "\\xff", rules: []), Chain(name: "\\xfe", rules: [])],
                sets: table.sets + [
                    NamedSet(
                        name: "\\xff", definition: SetDefinition(keyType: 7, keyLength: 4), elements: .ranges32([]))
                ], objects: table.objects)
            try load(table)
        }
        try spoil()
        let result = try portreeve("verify", policy, "--only", "ruleset")
        #expect(
            result.status == 2 && result.output.contains("\"\\xff\"") && result.output.contains("\"\\xfe\""),
            "\(result)")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        #expect(try portreeve("verify", policy, "--only", "ruleset").status == 0)
        let wider = try portreeve.write("version: 1\nservices: {}\n", to: "wider.yaml")
        #expect(try portreeve("apply", wider, "--yes", "--quiet", "--confirm", "1h").status == 0)
        try spoil()
        #expect(try portreeve("rollback", "--quiet").status == 0)
        #expect(try portreeve("verify", policy, "--only", "ruleset").status == 0)
        try spoil()
        #expect(try portreeve("remove", "--yes", "--quiet").status == 0)
        #expect(try portreeve.shell("nft list tables").isEmpty)
    }

    @Test("Interfaces are told apart by their bytes")
    func interfaces() throws {
        try portreeve.shell(
            """
            ip link set lo up
            for i in 1 2; do
                n=$(printf "\\\\37$((5 + i))")
                ip link add "$n" type veth peer name "p$i"; ip link set "$n" up; ip link set "p$i" up; ip addr add 10.9.$i.1/24 dev "$n"
            done
            """)
        let open = try portreeve.write("version: 1\nservices: {}\n", to: "open.yaml")
        #expect(try portreeve("apply", open, "--yes", "--quiet").status == 0)
        var name = [UInt8](repeating: 0, count: 16)
        name[0] = 0xff
        let base = BaseChain(type: "filter", hook: .prerouting, priority: -5, policy: .accept)
        try load(
            Table(
                name: TableName(family: .ipv4, name: "t"),
                chains: [
                    Chain(
                        name: "c", base: base,
                        rules: [
                            Rule([
                                .meta(.inputInterfaceName, into: .first), .compare(Comparison(name)), .verdict(.drop),
                            ])
                        ])
                ]))
        #expect(try portreeve("remove", "--yes", "--quiet").status == 0)
        let dropped = try portreeve("explain", "10.9.2.7", "80", open, "--kernel").output
        #expect(dropped.hasPrefix("refuse: "), "\(dropped)")
        let accepted = try portreeve("explain", "10.9.1.7", "80", open, "--kernel").output
        #expect(accepted.hasPrefix("accept: "), "\(accepted)")
    }
}
