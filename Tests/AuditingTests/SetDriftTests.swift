import Auditing
import Compiler
import Policies
import Rulesets
import Testing

@Suite("Drift of sets, maps and their elements")
struct SetDriftTests {
    private static let sources = ["10.0.0.0/24", "10.0.2.0/24", "10.0.4.0/24", "10.0.6.0/24"]
    private let compiled: CompiledPolicy

    init() throws {
        compiled = compile(
            try Policy(
                try Service("ssh", "22/tcp", from: Self.sources, line: 10),
                try Service("web", "80/tcp", "8000-8010/tcp", line: 20), published: .ignore))
    }

    private var table: Table { compiled.table }

    private func drift(_ live: Table) -> [Finding] { .drift(of: live, from: compiled) }

    private func finding(_ set: String, line: Int? = nil) -> Finding {
        Finding(.rulesetDrift, .error, "", table: "inet portreeve", set: set, policy: line.map { .line($0) })
    }

    @Test("A set is missing, with the line of its sources, or foreign")
    func sets() {
        #expect(table.sets.map(\.name) == ["ranges-tcp", "service-ssh-ipv4", "services"])
        #expect(
            drift(table.with(sets: [])).facts == [
                finding("ranges-tcp"), finding("service-ssh-ipv4", line: 11), finding("services"),
            ])
        let definition = SetDefinition(keyType: 13, keyLength: 2)
        let extra = NamedSet(name: "seen", definition: definition, elements: definition.noElements)
        let found = drift(table.with(sets: table.sets + [extra]))
        #expect(found.facts == [finding("seen")])
        #expect(found[0].message.contains("set \"seen\""))
    }

    static let definitions: [(change: @Sendable (inout SetDefinition) -> Void, fragments: [String])] = [
        ({ $0.flags = [.interval, .constant] }, ["\"constant,interval\"", "\"interval\""]),
        ({ $0.flags = [] }, ["none"]),
        ({ $0.size = 100 }, ["100", "none"]), ({ $0.timeout = 60_000 }, ["60000", "none"]),
        ({ $0.keyType = 8 }, ["type"]), ({ $0.dataType = 13 }, ["type"]), ({ $0.policy = 1 }, ["properties"]),
        ({ $0.expressions = [.counter] }, ["properties"]),
    ]

    @Test("Each property of a set", arguments: definitions)
    func definition(change: @Sendable (inout SetDefinition) -> Void, fragments: [String]) {
        let found = drift(table.changing(set: "service-ssh-ipv4") { change(&$0.definition) })
        #expect(found.facts == [finding("service-ssh-ipv4", line: 11)])
        for fragment in fragments { #expect(found[0].message.contains(fragment)) }
    }

    @Test("How a set is listed is no drift")
    func hints() {
        #expect(drift(table.changing(set: "service-ssh-ipv4") { $0.definition.userdata = [] }) == [])
    }

    private func ranges(_ change: @escaping (inout [ClosedRange<UInt32>]) -> Void) -> [Finding] {
        drift(
            table.changing(set: "service-ssh-ipv4") { set in
                guard case .ranges32(var ranges) = set.elements else { return }
                change(&ranges)
                set.elements = .ranges32(ranges)
            })
    }

    @Test("Elements that are foreign, and that are missing, each named")
    func elements() {
        let found = ranges { $0[1] = 0x0a00_0200...0x0a00_02fe }
        #expect(found.facts == [finding("service-ssh-ipv4", line: 11), finding("service-ssh-ipv4", line: 11)])
        #expect(found[0].message.contains("10.0.2.0-10.0.2.254") && found[1].message.contains("lacks 10.0.2.0/24"))
        #expect(ranges { $0.removeAll() }.count == 4)
        #expect(ranges { $0.append(0xc000_0207...0xc000_0207) }.map(\.message).contains { $0.contains("192.0.2.7") })
    }

    @Test("Twenty elements are named, more are counted", arguments: [(20, 20), (21, 21), (5000, 21)])
    func many(count: Int, findings: Int) {
        let found = ranges { $0 += (0..<UInt32(count)).map { (0xc600_0000 + 2 * $0)...(0xc600_0000 + 2 * $0) } }
        #expect(found.count == findings)
        #expect(found.last?.message.contains("\(count - 20) more elements") == (count > 20))
    }

    @Test("An element of a map has the line of the service that it leads to")
    func map() throws {
        let services = try #require(table.set("services"))
        #expect(
            drift(table.changing(set: "services") { $0.elements = $0.definition.noElements }).facts
                == services.elements.targets.map {
                    finding("services", line: ["service-ssh": 10, "service-web": 20][$0 ?? ""])
                })
        let found = drift(
            table.changing(set: "services") { set in
                guard case .list(var elements) = set.elements else { return }
                for index in elements.indices { elements[index].value = .verdict(.accept) }
                set.elements = .list(elements)
            })
        #expect(found.count == 2 * services.elements.count)
        #expect(found[0].message.contains("tcp . 22 : accept") && found.last?.message.contains("lacks") == true)
    }
}
