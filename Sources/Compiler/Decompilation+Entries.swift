internal import Addressing
public import Rulesets

/// Reads the entries of `allow` back from the rules of a service.
struct EntryList {
    let table: Table
    let sets: [String: AddressSet]
    private(set) var entries: [DecompiledEntry] = []
    /// Rules that the compiler does not make.
    private(set) var foreign: [Rule] = []
    /// What identifies the last entry: its name in the kernel, or its comment.
    private var last: String?

    init(table: Table, sets: [String: AddressSet]) {
        self.table = table
        self.sets = sets
    }

    /// Reads the next rule, which begins an entry or continues the last.
    mutating func read(_ rule: Rule) {
        let conditions = RuleConditions(rule)
        if case .verdict(.jump(let chain))? = conditions.rest.first, chain.hasPrefix(Names.entry("")) {
            read(chain, conditions)
        } else if let entry = source(rule) {
            add(entry.value, named: entry.name)
        } else {
            foreign.append(rule)
        }
    }

    /// Reads the chain of an entry with interfaces or expiry, to which one rule for each interface leads.
    private mutating func read(_ chain: String, _ conditions: RuleConditions) {
        let name = String(chain.dropFirst(Names.entry("").count))
        if last == name, let interface = conditions.interface {
            entries[entries.count - 1].interfaces.append(interface)
            return
        }
        var entry = DecompiledEntry()
        for rule in table.chain(chain)?.rules ?? [] {
            guard let part = source(rule)?.value else {
                foreign.append(rule)
                continue
            }
            entry.absorb(part)
        }
        entry.interfaces = conditions.interface.map { [$0] } ?? []
        entry.expires = conditions.expires
        entries.append(entry)
        last = name
    }

    /// The sources that a rule accepts, or sends to the chain that limits and logs; `nil` for a rule of another kind.
    private func source(_ rule: Rule) -> (name: String, value: DecompiledEntry)? {
        guard let match = SourceMatch(rule, in: sets) else { return nil }
        var entry = DecompiledEntry()
        entry.sources = match.addresses
        if match.rest == [.counter, .verdict(.accept)] {
            entry.comment = rule.comment
            return ("\"\(rule.comment ?? "")", entry)
        }
        guard match.rest.count == 1, case .verdict(.goto(let chain))? = match.rest.first,
            chain.hasPrefix(Names.admit(""))
        else { return nil }
        entry.readAdmission(table.chain(chain))
        return (String(chain.dropFirst(Names.admit("").count)), entry)
    }

    private mutating func add(_ entry: DecompiledEntry, named name: String) {
        if last == name {
            entries[entries.count - 1].absorb(entry)
        } else {
            entries.append(entry)
        }
        last = name
    }
}

/// The interface and the expiry at the start of a rule that leads to the chain of an entry.
struct RuleConditions {
    /// The interface as a policy writes it; `nil` for all.
    private(set) var interface: String?
    /// The time before which the rule matches, in seconds since 1970-01-01T00:00:00Z; `nil` for always.
    private(set) var expires: Int64?
    /// The expressions after the conditions.
    private(set) var rest: ArraySlice<Expression>

    init(_ rule: Rule) {
        rest = rule.expressions[...]
        if case .meta(.inputInterfaceName, into: .first)? = rest.first,
            case .compare(let comparison)? = rest.dropFirst().first, comparison.operator == .equal
        {
            let name = String(decoding: comparison.value.prefix { $0 != 0 }, as: UTF8.self)
            interface = comparison.value.contains(0) ? name : name + "*"
            rest = rest.dropFirst(2)
        }
        if case .meta(.time, into: .first)? = rest.first, case .compare(let comparison)? = rest.dropFirst(2).first,
            comparison.operator == .less, comparison.value.count == 8
        {
            expires = Int64(UInt64(bigEndianBytes: comparison.value) / 1_000_000_000)
            rest = rest.dropFirst(3)
        }
    }
}

extension DecompiledEntry {
    /// Adds the sources of a further rule of the same entry.
    fileprivate mutating func absorb(_ other: DecompiledEntry) {
        sources = sources.union(other.sources)
        limit = limit ?? other.limit
        sharesLimit = sharesLimit || other.sharesLimit
        connections = connections ?? other.connections
        isLogged = isLogged || other.isLogged
        comment = comment ?? other.comment
    }

    /// Reads the chain that limits, logs and accepts.
    mutating func readAdmission(_ chain: Chain?) {
        for rule in chain?.rules ?? [] {
            for case .dynamicSet(let dynamicSet) in rule.expressions {
                for case .limit(let limit) in dynamicSet.expressions { self.limit = limit }
                for case .connectionCount(let bound) in dynamicSet.expressions { connections = bound.count }
            }
            if case .limit(let limit)? = rule.expressions.first { (self.limit, sharesLimit) = (limit, true) }
            if rule.logs { isLogged = true }
            if rule.expressions.last == .verdict(.accept) { comment = comment ?? rule.comment }
        }
    }
}

extension Rule {
    /// The name of the entry of `trusted` to which the rule leads, and its conditions; `nil` for other rules.
    var trusted: (name: String, RuleConditions)? {
        let conditions = RuleConditions(self)
        guard conditions.rest.count == 1, case .verdict(.jump(let chain))? = conditions.rest.first,
            chain.hasPrefix(Names.trusted(""))
        else { return nil }
        return (String(chain.dropFirst(Names.trusted("").count)), conditions)
    }

    /// Whether it logs.
    var logs: Bool { expressions.contains { if case .log = $0 { true } else { false } } }
}

extension Table {
    /// Whether it has an entry of `trusted`.
    public var hasTrusted: Bool { chains.contains { $0.name.hasPrefix(Names.trusted("")) } }

    /// The table without the rules that lead to entries of `trusted`.
    public var withoutTrusted: Table {
        let chains = chains.map { chain -> Chain in
            var copy = chain
            copy.rules.removeAll { $0.trusted != nil }
            return copy
        }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: sets, objects: objects)
    }
}
