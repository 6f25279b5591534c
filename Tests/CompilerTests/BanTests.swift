import Addressing
import Compiler
import Policies
import Rulesets
import Testing

private let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)

private func ban(_ text: String, seconds: Int64 = 7200) throws -> BannedSource {
    try #require(BannedSource(AddressRange(text), seconds: seconds))
}

/// A policy with or without sources in `deny`.
private func policy(denies: Bool, log: Bool = false) throws -> Policy {
    var policy = Policy()
    if denies {
        policy.deny = SourceList(location: place, entries: [], addresses: AddressSet(try AddressRange("203.0.113.9")))
    }
    if log { policy.defaults.log = Rate(count: 5, unit: .minute) }
    return policy
}

@Suite("Bans in a table")
struct BanTests {
    private static let bans = [
        "ip saddr @ban-ipv4 counter drop comment \"banned for a time\"",
        "ip saddr & 255.255.255.0 @ban-ipv4-24 counter drop comment \"banned for a time\"",
        "ip6 saddr & ffff:ffff:ffff:: @ban-ipv6-48 counter drop comment \"banned for a time\"",
    ]

    private func sources() throws -> [BannedSource] {
        [try ban("2001:db8:bad::/48"), try ban("198.51.100.0/24", seconds: 60), try ban("198.51.100.7")]
    }

    @Test("Are a set for each length, looked up before established connections", arguments: [true, false])
    func rules(denies: Bool) throws {
        let table = compile(try policy(denies: denies)).table
        let banned = table.banning(try sources())
        let rules = try #require(banned.chain("input")?.rules).map(\.description)
        let first = try #require(rules.firstIndex(of: Self.bans[0]))
        #expect(rules[first..<(first + 3)] == Self.bans[...])
        #expect(rules[first - 1] == "iif \"lo\" accept")
        let established = try #require(rules.firstIndex { $0.hasPrefix("ct state established,related") })
        #expect(first < established)
        let before = try #require(table.chain("input")?.rules)
        #expect(Set(before.map(\.description)).isSubset(of: rules) && rules.count == before.count + 3)
        #expect(banned.chain("redirected")?.rules.prefix(3).map(\.description) == Self.bans)
        let set = try #require(banned.set("ban-ipv4-24"))
        #expect(set.elements.texts(of: set.definition) == ["198.51.100.0 timeout 60s"])
        #expect(try Set(banned.bannedSources) == Set(sources()))
        #expect(DecompiledPolicy(banned) == DecompiledPolicy(table))
    }

    @Test("Leave no trace, whatever the order, and may keep an empty set", arguments: [true, false])
    func traces(denies: Bool) throws {
        let table = compile(try policy(denies: denies)).table
        let all = table.banning(try sources())
        #expect(try table.banning(Array(sources().prefix(1))).banning(sources()) == all)
        #expect(try all.banning(sources().reversed()) == all)
        #expect(table.banning([]) == table)
        let kept = table.banning([], keepingSetsOf: all)
        #expect(kept.hasBanSets && kept.bannedSources.isEmpty && kept.chain("input") == all.chain("input"))
        let rest = all.withoutBans(of: [try AddressRange("198.51.100.7")])
        #expect(rest.bannedSources.count == 2)
        #expect(rest.withoutBans(of: []) == rest)
    }

    @Test("Are logged as deny is where its chain logs")
    func logged() throws {
        let table = compile(try policy(denies: true, log: true)).table
        let banned = table.banning([try ban("198.51.100.7")])
        let rules = try #require(banned.chain("input")?.rules).map(\.description)
        #expect(rules.contains("ip saddr @ban-ipv4 goto denied comment \"banned for a time\""))
        #expect(DecompiledPolicy(banned) == DecompiledPolicy(table))
    }

    @Test("Only an address or a prefix can be banned, and only sets of that form hold bans")
    func forms() throws {
        #expect(BannedSource(try AddressRange("10.0.0.1-10.0.0.2"), seconds: 1) == nil)
        #expect(try ban("10.0.0.0-10.255.255.255").addresses.description == "10.0.0.0/8")
        for name in ["ban-ipv4-32", "ban-ipv4-33", "ban-ipv5", "ban-ipv6-", "ban-ipv6-048", "ban", "ban-ipv4-8-8"] {
            let definition = SetDefinition(keyType: 7, keyLength: 4, flags: .timeout)
            let set = NamedSet(name: name, definition: definition, elements: .list([]))
            #expect(!Table(name: Names.table, sets: [set]).hasBanSets, "\(name)")
        }
    }
}
