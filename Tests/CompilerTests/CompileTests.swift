import Addressing
import Compiler
import Policies
import Rulesets
import TestSupport
import Testing

private let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)

private func service(_ name: String, _ ports: [UInt16], _ sources: AddressSet = .any, why: String? = nil) -> Service {
    Service(
        name: name, location: place,
        ports: ports.map { ServicePort(transport: .tcp, range: $0...$0, location: place) },
        sources: SourceList(location: place, entries: [], addresses: sources), why: why)
}

@Suite("The compiler")
struct CompileTests {
    @Test("Equal policies give equal tables, whatever the order of ports and prefixes")
    func deterministic() {
        let ranges = (0..<50 as Range<UInt32>).map { $0 * 4...($0 * 4 + 1) }
        let forward = AddressSet(ipv4: IntervalSet(ranges))
        let backward = AddressSet(ipv4: IntervalSet(ranges.reversed()))
        let first = compile(Policy(services: [service("a", [1, 2, 3], forward)])).table
        let second = compile(Policy(services: [service("a", [3, 1, 2], backward)])).table
        #expect(first == second)
        #expect(first.nftText == second.nftText)
    }

    @Test("A comment fits in 128 bytes of user data, is cut after a word, and has no quote")
    func comments() throws {
        for length in stride(from: 1, to: 400, by: 7) {
            let words = Array(repeating: "wörd\"", count: length).joined(separator: " ")
            let table = compile(Policy(services: [service("a", [1], why: words)])).table
            let rule = try #require(table.chain("service-a")?.rules.first)
            let comment = try #require(rule.comment)
            #expect(rule.userdata.count <= 128)
            #expect(words.replacing("\"", with: "'").hasPrefix(comment))
            #expect(comment.hasSuffix("wörd'"))
        }
        let endless = String(repeating: "ä", count: 300)
        let table = compile(Policy(services: [service("a", [1], why: endless)])).table
        #expect(table.chain("service-a")?.rules.first?.comment == String(repeating: "ä", count: 62))
    }

    @Test("Five thousand services share one set of sources")
    func shared() {
        let list = AddressSet(ipv4: IntervalSet((0..<100 as Range<UInt32>).map { $0 * 4...($0 * 4) }))
        let services = (1...5000).map { service("s\($0)", [UInt16($0)], list) }
        let table = compile(Policy(services: services)).table
        #expect(table.sets.count { $0.definition.holdsRanges } == 1)
        #expect(table.set("services")?.elements.count == 5001)
    }
}
