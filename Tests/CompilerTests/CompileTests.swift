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

    @Test("A new entry of allow leaves the objects of the others alone")
    func entryNames() {
        func entry(_ text: String, _ addresses: AddressSet) -> AllowEntry {
            AllowEntry(
                location: place, sources: SourceList(location: place, entries: [text], addresses: addresses),
                limit: ConnectionLimit(rate: Rate(count: 10, unit: .minute)))
        }
        func objects(_ entries: [AllowEntry]) -> Set<String> {
            var service = Service(
                name: "a", location: place, ports: [ServicePort(transport: .tcp, range: 1...1, location: place)],
                entries: entries)
            service.listsEntries = true
            let table = compile(Policy(services: [service])).table
            return Set((table.sets.map(\.name) + table.chains.map(\.name)).filter { $0.contains(".") })
        }
        let (first, second) = (
            entry("any", .any), entry("10.0.0.0/8", AddressSet(ipv4: IntervalSet([0x0a00_0000...0x0aff_ffff])))
        )
        #expect(objects([second, first]).isSuperset(of: objects([first])) && objects([first]).count == 3)
        #expect(objects([second, first]) == objects([first, second]))
        // Two for the same sources differ by a number.
        #expect(objects([first, first]).count == 6)
    }

    @Test("Entries that were over by a time stay closed whatever the clock says")
    func lapsedEntries() throws {
        let entries = [100, 300].map { end in
            AllowEntry(
                location: place, sources: SourceList(location: place, entries: ["\(end)"], addresses: .any),
                expires: Expiry(end: end, written: "\(end)"))
        }
        var service = service("a", [1])
        service.entries = entries
        service.listsEntries = true
        let trusted = Trusted(name: "b", entry: entries[0])
        let table = compile(Policy(trusted: [trusted], services: [service])).table.closingExpired(by: 200)
        let rules = ["service-a", "input"].flatMap { table.chain($0)?.rules ?? [] }.map(\.description)
        #expect(rules.filter { $0.contains("meta time") }.count == 1)
        #expect(rules.contains { $0.hasPrefix("meta time < 300 jump entry-a.") })
    }
}
