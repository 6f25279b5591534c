import Auditing
import Compiler
import Policies
import Rulesets
import Testing

@Suite("Drift of a table and its chains")
struct DriftTests {
    private let compiled: CompiledPolicy

    init() throws {
        compiled = compile(
            try Policy(
                try Service("ssh", "22/tcp", from: ["10.0.0.0/8"], line: 10, why: "Administration"),
                try Service("web", "80/tcp", line: 20), deny: ["192.0.2.0/24"]))
    }

    private var table: Table { compiled.table }

    private func drift(_ live: Table?) -> [Finding] { .drift(of: live, from: compiled) }

    private func finding(
        _ severity: Finding.Severity = .error, chain: String? = nil, set: String? = nil, line: Int? = nil
    ) -> Finding {
        Finding(
            .rulesetDrift, severity, "", table: "inet portreeve", chain: chain, set: set, policy: line.map { .line($0) }
        )
    }

    @Test("The compiled table has none, a table that is not loaded is one")
    func whole() {
        #expect(drift(table) == [])
        #expect(drift(nil).facts == [finding()])
    }

    static let headers: [(flags: UInt32?, userdata: [UInt8]?, Finding.Severity, fragment: String)] = [
        (1, nil, .error, "dormant"), (4, nil, .error, "0x4"), (nil, [], .notice, "comment"),
        (nil, Userdata.comment("mine"), .notice, "comment"),
    ]

    @Test("Flags are an error, the comment is a notice", arguments: headers)
    func header(flags: UInt32?, userdata: [UInt8]?, severity: Finding.Severity, fragment: String) throws {
        let found = drift(table.with(flags: flags, userdata: userdata))
        #expect(found.facts == [finding(severity)])
        #expect(found[0].message.contains(fragment))
    }

    @Test("Each foreign object is named")
    func objects() {
        let objects = [
            OpaqueObject(kind: .flowtable, name: "fast", type: 0, attributes: []),
            OpaqueObject(kind: .statefulObject, name: "quota", type: 2, attributes: []),
        ]
        let found = drift(table.with(objects: objects))
        #expect(found.facts == [finding(), finding()])
        #expect(found[0].message.contains("\"quota\"") && found[1].message.contains("flowtable \"fast\""))
    }

    @Test("A chain is missing, with the line of its service, or foreign")
    func chains() throws {
        let missing = table.chains.filter { !["service-ssh", "refuse"].contains($0.name) }
        #expect(
            drift(table.with(chains: missing)).facts == [
                finding(chain: "refuse"), finding(chain: "service-ssh", line: 10),
            ])
        let base = BaseChain(type: "filter", hook: .input, priority: -5, policy: .accept)
        let extra = Chain(name: "door", base: base, rules: [.tcp(31337, .accept), .tcp(4444, .accept)])
        let found = drift(table.with(chains: table.chains + [extra, Chain(name: "empty")]))
        #expect(found.facts == [finding(chain: "door"), finding(chain: "empty")])
        for part in ["hook input priority filter - 5", "`tcp dport 31337 accept`", "`tcp dport 4444 accept`"] {
            #expect(found[0].message.contains(part))
        }
    }

    private static let input = BaseChain(type: "filter", hook: .input, priority: 0, policy: .drop)

    static let bases: [(chain: String, BaseChain?, fragments: [String])] = [
        ("input", BaseChain(type: "filter", hook: .input, priority: 0, policy: .accept), ["accept, not drop"]),
        (
            "input", BaseChain(type: "filter", hook: .input, priority: 7, policy: .drop),
            ["priority filter + 7;", "priority filter;"]
        ),
        (
            "input", BaseChain(type: "filter", hook: .output, priority: 0, policy: .accept),
            ["hook output", "hook input"]
        ),
        ("input", nil, ["hook input"]), ("refuse", input, ["hook input"]),
    ]

    @Test("The policy, the priority and the hook of a chain", arguments: bases)
    func base(chain: String, base: BaseChain?, fragments: [String]) {
        let found = drift(table.changing(chain: chain) { $0.base = base })
        #expect(found.facts == [finding(chain: chain)])
        for fragment in fragments { #expect(found[0].message.contains(fragment)) }
    }

    @Test("Flags and comments of a chain, and attributes that are not modelled")
    func rest() {
        for change in [{ $0.flags = 2 }, { $0.userdata = Userdata.comment("x") }, { $0.unrecognized = [8, 0, 9, 0] }]
            as [(inout Chain) -> Void]
        {
            #expect(
                drift(table.changing(chain: "service-web", change)).facts == [finding(chain: "service-web", line: 20)])
        }
    }

    private func rules(_ chain: String, _ change: @escaping (inout [Rule]) -> Void) -> [Finding] {
        drift(table.changing(chain: chain) { change(&$0.rules) })
    }

    @Test("A rule is foreign, missing, changed or moved")
    func rules() {
        let extra = rules("input") { $0.insert(.tcp(31337, .accept), at: 0) }
        #expect(extra.facts == [finding(chain: "input")])
        #expect(extra[0].message.contains("`tcp dport 31337 accept`"))
        #expect(rules("service-ssh") { $0.removeFirst() }.facts == [finding(chain: "service-ssh", line: 10)])
        let changed = rules("service-ssh") { $0[0] = .tcp(31337, .accept) }
        #expect(changed.facts == [finding(chain: "service-ssh", line: 10)])
        #expect(changed[0].message.contains("`tcp dport 31337 accept`"))
        #expect(changed[0].message.contains("ip saddr 10.0.0.0/8"))
        #expect(rules("service-ssh") { $0.reverse() }.facts == [finding(chain: "service-ssh", line: 10)])
        #expect(rules("input") { $0.removeAll() }.count == table.chain("input")?.rules.count)
    }

    @Test("A comment alone is a notice with both texts")
    func comment() {
        let found = rules("service-ssh") { $0[0].userdata = Userdata.comment("Back door") }
        #expect(found.facts == [finding(.notice, chain: "service-ssh", line: 10)])
        #expect(found[0].message.contains("\"Back door\"") && found[0].message.contains("\"Administration\""))
    }

    @Test("Rules that refuse denied sources have the line of deny, others in the same chains have not")
    func denial() {
        let denies: (Rule) -> Bool = { $0.description == "ip saddr 192.0.2.0/24 counter drop" }
        for chain in ["input", "redirected"] {
            #expect(rules(chain) { $0.removeAll(where: denies) }.facts == [finding(chain: chain, line: 3)])
        }
        #expect(rules("refuse") { $0.removeLast() }.facts == [finding(chain: "refuse")])
        #expect(rules("input") { $0.insert(.tcp(22, .drop), at: 0) }.facts == [finding(chain: "input")])
    }
}
