import Rulesets
import Testing

@Suite("Tables as nft writes them")
struct TableTextTests {
    private static let name = TableName(family: .inet, name: "t")

    private func text(_ lines: String...) -> String {
        "table inet t {\n" + lines.map { $0 + "\n" }.joined() + "}\n"
    }

    @Test("An empty table, with a comment or without")
    func empty() {
        #expect(Table(name: Self.name).nftText == text())
        #expect(
            Table(name: Self.name, userdata: Userdata.comment("a \"b\"")).nftText == text("\tcomment \"a 'b'\""))
    }

    @Test("Chains: base chains first, with hook, priority and policy")
    func chains() {
        let base = BaseChain(type: "filter", hook: .input, priority: -5, policy: .drop)
        let table = Table(
            name: Self.name,
            chains: [
                Chain(name: "a", rules: [Rule([.counter, .verdict(.drop)], comment: "say \"no\"")]),
                Chain(name: "input", base: base, rules: [Rule([.verdict(.jump("a"))])]),
            ])
        #expect(
            table.nftText
                == text(
                    "\tchain input {", "\t\ttype filter hook input priority filter - 5; policy drop;", "\t\tjump a",
                    "\t}",
                    "", "\tchain a {", "\t\tcounter drop comment \"say 'no'\"", "\t}"))
    }

    @Test("The flags of a table, the comment of a chain, and all that nft writes of a set")
    func details() {
        let definition = SetDefinition(
            keyType: 7, keyLength: 4, flags: .timeout, size: 64, timeout: 60_000, gcInterval: 10_000, policy: 1,
            expressions: [.counter], userdata: [0, 4, 0, 0, 0, 0, 7, 6] + Array("set c".utf8) + [0])
        let set = NamedSet(name: "s", definition: definition, elements: .ranges32([]))
        let table = Table(
            name: Self.name, flags: 3, userdata: Userdata.comment("table c"),
            chains: [Chain(name: "c", userdata: Userdata.comment("chain c"))], sets: [set])
        #expect(
            table.nftText
                == text(
                    "\tflags dormant,owner", "\tcomment \"table c\"", "", "\tset s {", "\t\ttype ipv4_addr",
                    "\t\tpolicy memory", "\t\tsize 64", "\t\tflags timeout", "\t\ttimeout 60s",
                    "\t\tgc-interval 10s", "\t\tcounter", "\t\tcomment \"set c\"", "\t}", "", "\tchain c {",
                    "\t\tcomment \"chain c\"", "\t}"))
    }

    private func set(_ definition: SetDefinition, _ elements: SetElements) -> String {
        let set = NamedSet(name: "s", definition: definition, elements: elements)
        return Table(name: Self.name, sets: [set]).nftText
    }

    @Test("A set with size, flags and timeout, and elements with timeouts and comments")
    func set() {
        let definition = SetDefinition(
            keyType: 7, keyLength: 4, flags: [.interval, .timeout], size: 64, timeout: 60_000)
        let elements = SetElements.list([
            SetElement(key: [10, 0, 0, 0], upper: [10, 0, 0, 255]),
            SetElement(
                key: [10, 0, 1, 1], timeout: 3_600_000, userdata: Userdata.comment("the \"door\"")),
        ])
        #expect(
            set(definition, elements)
                == text(
                    "\tset s {", "\t\ttype ipv4_addr", "\t\tsize 64", "\t\tflags interval,timeout", "\t\ttimeout 60s",
                    "\t\telements = {", "\t\t\t10.0.0.0/24,", "\t\t\t10.0.1.1 timeout 3600s comment \"the 'door'\"",
                    "\t\t}", "\t}"))
    }

    @Test("A set without elements, and sets of flat ranges")
    func ranges() {
        let definition = SetDefinition(keyType: 8, keyLength: 16, flags: .interval)
        #expect(
            set(definition, .ranges128([])) == text("\tset s {", "\t\ttype ipv6_addr", "\t\tflags interval", "\t}"))
        #expect(
            set(definition, .ranges128([1...1, 2...5]))
                == text(
                    "\tset s {", "\t\ttype ipv6_addr", "\t\tflags interval", "\t\telements = {", "\t\t\t::1,",
                    "\t\t\t::2-::5", "\t\t}", "\t}"))
    }

    @Test("A map from two fields to verdicts")
    func map() {
        let definition = SetDefinition(
            keyType: 12 << 6 | 13, keyLength: 8, flags: .map, dataType: SetDefinition.verdictType)
        let elements = SetElements.list([
            SetElement(key: [6, 0, 0, 0, 0, 22, 0, 0], value: .verdict(.goto("ssh"))),
            SetElement(key: [], flags: 2, value: .verdict(.drop)),
        ])
        #expect(
            set(definition, elements)
                == text(
                    "\tmap s {", "\t\ttype inet_proto . inet_service : verdict", "\t\telements = {",
                    "\t\t\ttcp . 22 : goto ssh,", "\t\t\t* : drop", "\t\t}", "\t}"))
    }

    static let types: [(SetDefinition, String)] = [
        (SetDefinition(keyType: 41, keyLength: 16), "set s {\n\t\ttype ifname\n"),
        (SetDefinition(keyType: 63, keyLength: 4), "set s {\n\t\ttype [type 63]\n"),
        (
            SetDefinition(keyType: 13, keyLength: 2, flags: .map, dataType: 7),
            "map s {\n\t\ttype inet_service : ipv4_addr\n"
        ),
        (
            SetDefinition(keyType: 13, keyLength: 2, flags: .map, dataType: 63),
            "map s {\n\t\ttype inet_service : [type 63]\n"
        ),
        (
            SetDefinition(keyType: 7, keyLength: 4, flags: [.constant, .dynamic]),
            "set s {\n\t\ttype ipv4_addr\n\t\tflags constant,dynamic\n"
        ),
    ]

    @Test("Types of keys and values", arguments: types)
    func type(definition: SetDefinition, start: String) {
        #expect(set(definition, definition.noElements).hasPrefix("table inet t {\n\t" + start))
    }

    @Test("Objects that are not modelled are in brackets")
    func objects() {
        let objects = [
            OpaqueObject(kind: .statefulObject, name: "q", type: 2, attributes: []),
            OpaqueObject(kind: .flowtable, name: "f", type: 0, attributes: []),
        ]
        #expect(
            Table(name: Self.name, objects: objects).nftText == text("\t[statefulObject q]", "", "\t[flowtable f]"))
    }

    static let elements: [(SetElement, UInt32, String)] = [
        (SetElement(key: [0, 22]), 13, "22"), (SetElement(key: [0, 22], upper: [0, 22]), 13, "22"),
        (SetElement(key: [0, 22], upper: [0, 80]), 13, "22-80"),
        (SetElement(key: [10, 0, 0, 1], upper: [10, 0, 0, 4]), 7, "10.0.0.1-10.0.0.4"),
        (SetElement(key: [10, 0, 0, 1], flags: 1), 7, "10.0.0.1 [end of a range]"),
        (SetElement(key: [10, 0, 0, 1, 0, 22, 0, 0]), 7 << 6 | 13, "10.0.0.1 . 22"),
        (
            SetElement(key: [10, 0, 0, 1, 0, 22, 0, 0], upper: [10, 0, 0, 9, 0, 25, 0, 0]), 7 << 6 | 13,
            "10.0.0.1-10.0.0.9 . 22-25"
        ),
        (
            SetElement(key: [10, 0, 0, 0, 0, 22, 0, 0], upper: [10, 255, 255, 255, 0, 22, 0, 0]), 7 << 6 | 13,
            "10.0.0.0/8 . 22"
        ),
        (SetElement(key: [0, 22], expressions: [.counter]), 13, "22 counter"),
        (SetElement(key: [0, 22], value: .bytes([10, 0, 0, 1])), 13, "22 : 10.0.0.1"),
        (SetElement(key: [0xab, 1], timeout: 1500), 63, "0xab01 timeout 1500ms"),
        (SetElement(key: [0, 22], timeout: 90_000), 13, "22 timeout 90s"),
    ]

    @Test("Elements", arguments: elements)
    func element(element: SetElement, keyType: UInt32, text: String) {
        let definition = SetDefinition(keyType: keyType, keyLength: 2, dataType: 7)
        #expect(element.text(of: definition) == text)
    }

    @Test("A timeout of a set in milliseconds")
    func timeout() {
        let definition = SetDefinition(keyType: 13, keyLength: 2, flags: .timeout, timeout: 1500)
        #expect(set(definition, .list([])).contains("\t\ttimeout 1500ms\n"))
    }
}
