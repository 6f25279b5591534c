import Rulesets
import Testing

@Suite("Tables, chains and hooks")
struct TableTests {
    private static func base(_ hook: Hook, _ priority: Int32) -> BaseChain {
        BaseChain(type: "filter", hook: hook, priority: priority, policy: .accept)
    }

    private static let name = TableName(family: .bridge, name: "t")
    private static let chains = [
        Chain(name: "b"), Chain(name: "late", base: base(.input, 10)), Chain(name: "forward", base: base(.forward, 0)),
        Chain(name: "a"), Chain(name: "early", base: base(.input, -10)), Chain(name: "also", base: base(.input, 10)),
    ]

    @Test("The order of the parts does not matter")
    func order() {
        let definition = SetDefinition(keyType: 13, keyLength: 2)
        let sets = ["z", "a"].map { NamedSet(name: $0, definition: definition, elements: .list([])) }
        let objects = [
            OpaqueObject(kind: .flowtable, name: "a", type: 0, attributes: []),
            OpaqueObject(kind: .statefulObject, name: "z", type: 1, attributes: []),
            OpaqueObject(kind: .statefulObject, name: "b", type: 1, attributes: []),
        ]
        let table = Table(name: Self.name, chains: Self.chains, sets: sets, objects: objects)
        let reversed = Table(
            name: Self.name, chains: Self.chains.reversed(), sets: sets.reversed(), objects: objects.reversed())
        #expect(table == reversed && table.hashValue == reversed.hashValue)
        #expect(table.chains.map(\.name) == ["a", "also", "b", "early", "forward", "late"])
        #expect(table.objects.map(\.name) == ["b", "z", "a"] && table.sets.map(\.name) == ["a", "z"])
        for name in ["a", "also", "b", "early", "forward", "late"] { #expect(table.chain(name)?.name == name) }
        #expect(table.chain("") == nil && table.chain("c") == nil && table.chain("zz") == nil)
        #expect(table.set("z")?.name == "z" && table.set("b") == nil)
    }

    @Test("Base chains are read by hook and priority, the others by name")
    func reading() {
        let table = Table(name: Self.name, chains: Self.chains)
        #expect(table.chainsInReadingOrder.map(\.name) == ["early", "also", "late", "forward", "a", "b"])
    }

    static let families: [(TableFamily, String)] = [
        (.inet, "inet"), (.ipv4, "ip"), (.ipv6, "ip6"), (.arp, "arp"), (.netdev, "netdev"), (.bridge, "bridge"),
        (TableFamily(rawValue: 99), "family-99"),
    ]

    @Test("Families are named as in nft", arguments: families)
    func family(family: TableFamily, text: String) {
        #expect(family.description == text && TableName(family: family, name: "t").description == "\(text) t")
    }

    static let hooks: [(Hook, String)] = [
        (.prerouting, "prerouting"), (.input, "input"), (.forward, "forward"), (.output, "output"),
        (.postrouting, "postrouting"), (.ingress, "ingress"), (Hook(rawValue: 9), "hook-9"),
        (Hook(rawValue: .max), "hook-4294967295"),
    ]

    @Test("Hooks are named as in nft", arguments: hooks)
    func hook(hook: Hook, text: String) { #expect(hook.description == text) }

    static let bases: [(BaseChain, String)] = [
        (base(.input, 0), "type filter hook input priority filter; policy accept;"),
        (base(.forward, -1), "type filter hook forward priority filter - 1; policy accept;"),
        (
            BaseChain(type: "nat", hook: .postrouting, priority: 100, policy: .drop),
            "type nat hook postrouting priority srcnat; policy drop;"
        ),
        (
            BaseChain(type: "filter", hook: .ingress, priority: .min, policy: .drop, devices: ["eth0"]),
            "type filter hook ingress device \"eth0\" priority filter - 2147483648; policy drop;"
        ),
    ]

    @Test("Base chains with hook and priority", arguments: bases)
    func base(base: BaseChain, text: String) { #expect(base.description == text) }

    static let comments: [([UInt8], String?)] = [
        (Userdata.comment("why"), "why"), (Userdata.comment(""), ""), ([], nil), ([0, 4, 97, 98, 99, 0], "abc"),
        ([0, 3, 97, 98, 99, 0], nil), ([1, 4, 97, 98, 99, 0], nil), ([0, 3, 97, 98, 99], nil), ([0, 2, 0xff, 0], nil),
        (Userdata.comment("é") + [1, 0], nil),
        (Userdata.comment(String(repeating: "x", count: 125)), String(repeating: "x", count: 125)),
    ]

    @Test("A comment is read from user data that holds nothing else", arguments: comments)
    func comment(userdata: [UInt8], comment: String?) {
        #expect(Userdata.comment(of: userdata) == comment && Rule([], userdata: userdata).comment == comment)
    }
}
