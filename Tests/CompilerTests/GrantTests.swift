import Addressing
import Compiler
import Policies
import Rulesets
import Testing

private let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)
private let ipv4: [ClosedRange<UInt32>] = [0x0a00_0000...0x0aff_ffff]
private let ipv6: [ClosedRange<UInt128>] = [0x2001_0db8 << 96...(0x2001_0db9 << 96 - 1)]

private func service(
    _ addresses: AddressSet, limit: Bool = false, interfaces: [InterfacePattern] = [], expires: Expiry? = nil
) -> Service {
    Service(
        name: "ssh", location: place, ports: [ServicePort(transport: .tcp, range: 22...22, location: place)],
        sources: SourceList(location: place, entries: [], addresses: addresses), interfaces: interfaces,
        limit: limit ? ConnectionLimit(rate: Rate(count: 10, unit: .minute)) : nil, log: limit, expires: expires,
        why: "Admin")
}

private func source(_ address: String, _ service: String = "ssh", seconds: Int64 = 7200) throws -> GrantedSource {
    GrantedSource(service: service, address: try #require(IPAddress(AddressRange(address))), seconds: seconds)
}

@Suite("Grants in a table")
struct GrantTests {
    private let table = compile(Policy(services: [service(AddressSet(ipv4: ipv4, ipv6: []))])).table

    @Test("Are a set with timeouts, and a rule before the end of the service's chain")
    func plain() throws {
        let granted = table.granting([try source("198.51.100.7"), try source("2001:db8::7", seconds: 60)])
        let rules = try #require(granted.chain("service-ssh")?.rules).map(\.description)
        #expect(
            rules == [
                "ip saddr 10.0.0.0/8 counter accept comment \"Admin\"",
                "ip saddr @grant-ssh-ipv4 counter accept comment \"granted for a time\"",
                "ip6 saddr @grant-ssh-ipv6 counter accept comment \"granted for a time\"", "goto refuse",
            ])
        let set = try #require(granted.set("grant-ssh-ipv6"))
        #expect(
            set.definition.flags == .timeout && set.elements.texts(of: set.definition) == ["2001:db8::7 timeout 60s"])
        #expect(granted.grants(try source("198.51.100.7")))
        #expect(!granted.grants(try source("198.51.100.7", seconds: 1)))
        #expect(try Set(granted.grantedSources) == [source("198.51.100.7"), source("2001:db8::7", seconds: 60)])
        #expect(DecompiledPolicy(granted) == DecompiledPolicy(table))
    }

    @Test("Come after expiry and interfaces, and before limit and log")
    func conditions() throws {
        let eth = InterfacePattern(name: "eth", isPrefix: true)
        let service = service(
            AddressSet(ipv4: ipv4, ipv6: []), limit: true, interfaces: [eth], expires: Expiry(end: 9, written: "9"))
        let table = compile(Policy(services: [service])).table
        let granted = table.granting([try source("198.51.100.7")])
        #expect(granted.chain("service-ssh") == table.chain("service-ssh"))
        #expect(granted.chain("admit-ssh") == table.chain("admit-ssh"))
        #expect(
            granted.chain("sources-ssh")?.rules.map(\.description) == [
                "ip saddr 10.0.0.0/8 goto admit-ssh", "ip saddr @grant-ssh-ipv4 goto admit-ssh", "goto refuse",
            ])
        #expect(DecompiledPolicy(granted) == DecompiledPolicy(table))
    }

    @Test(
        "Of a family without sources in the policy are limited and logged like the other family",
        arguments: [true, false])
    func otherFamily(isIPv6: Bool) throws {
        let narrow = isIPv6 ? AddressSet(ipv4: ipv4, ipv6: []) : AddressSet(ipv4: [], ipv6: ipv6)
        let table = compile(Policy(services: [service(narrow, limit: true)])).table
        let whole = compile(Policy(services: [service(AddressSet(ipv4: ipv4, ipv6: ipv6), limit: true)])).table
        let granted = table.granting([try source(isIPv6 ? "2001:db8::7" : "198.51.100.7")])
        #expect(table.chain("admit-ssh") != whole.chain("admit-ssh"))
        #expect(granted.chain("admit-ssh") == whole.chain("admit-ssh"))
        for name in ["limit-ssh-ipv4", "limit-ssh-ipv6"] { #expect(granted.set(name) == whole.set(name)) }
    }

    @Test("Are limited for a service without sources, too")
    func noSource() throws {
        let table = compile(Policy(services: [service(AddressSet(), limit: true)])).table
        let granted = table.granting([try source("198.51.100.7")])
        #expect(granted.chain("admit-ssh") == table.chain("admit-ssh"))
        #expect(granted.chain("admit-ssh")?.rules.last?.expressions.last == .verdict(.accept))
    }

    @Test("Stand behind the entries of allow, without their limits, and are logged")
    func behindEntries() throws {
        var service = service(AddressSet(ipv4: ipv4, ipv6: []), limit: true)
        service.listsEntries = true
        let table = compile(Policy(services: [service])).table
        let granted = table.granting([try source("198.51.100.7")])
        #expect(
            granted.chain("service-ssh")?.rules.map(\.description) == [
                "ip saddr 10.0.0.0/8 goto admit-ssh.8f03e433",
                "ip saddr @grant-ssh-ipv4 log prefix \"portreeve ssh: \" counter accept comment \"granted for a time\"",
                "goto refuse comment \"no entry matches\"",
            ])
        #expect(DecompiledPolicy(granted) == DecompiledPolicy(table))
        #expect(granted.granting([]).set("grant-ssh-ipv4")?.elements.isEmpty == true)
    }

    @Test("Leave no trace, whatever the order, and may keep an empty set")
    func emptySets() throws {
        let (first, second) = (try source("198.51.100.7"), try source("2001:db8::7"))
        let both = table.granting([first, second])
        #expect(table.granting([second]).granting([first, second]) == both)
        #expect(table.granting([first]).granting([second, first]) == both)
        #expect(table.granting([]) == table)
        let kept = table.granting([], keepingSetsOf: both)
        #expect(
            kept.set("grant-ssh-ipv4")?.elements.isEmpty == true
                && kept.chain("service-ssh") == both.chain("service-ssh"))
        #expect(both.granting([]) == kept)
        #expect(both.withoutGrant(of: "ssh", to: first.address).granting([second]) == both.granting([second]))
    }

    @Test("Have no effect for a service that the table lacks")
    func unknownService() throws {
        #expect(table.granting([try source("198.51.100.7", "ssh-ipv4")]) == table)
        let other = compile(Policy()).table
        #expect(
            other.granting([try source("198.51.100.7")], keepingSetsOf: table.granting([try source("1.2.3.4")]))
                == other)
    }
}
