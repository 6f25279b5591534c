internal import CNftnl
internal import Rulesets
internal import System

/// The state of reading a table.
struct TableReading {
    /// The table's name.
    let name: TableName
    /// The generation that every message must have.
    let generation: UInt32
    /// Whether every message had it.
    var isConsistent = true
    /// The expected tables, most likely first.
    private let candidates: [Table]
    private var elements: [String: SetElements] = [:]

    /// The set whose elements are being read.
    var open: (name: String, collector: ElementCollector)?

    private var table: Table?
    private var handle: UInt64?
    private var chains: [Chain] = []
    private var chainNames: Set<String> = []
    private var definitions: [String: SetDefinition] = [:]
    private var counts: [String: UInt32] = [:]
    private var confirmedSets: Set<String> = []
    private var rules: RuleCollector
    private var objects: [OpaqueObject] = []

    /// Starts reading a table; `candidates` are expected tables, most likely first.
    init(name: TableName, generation: UInt32, expecting candidates: [Table] = []) {
        self.name = name
        self.generation = generation
        self.candidates = candidates
        rules = RuleCollector(expecting: candidates)
    }

    /// Adds a message; skips those of other tables, since the kernel dumps the chains of all tables.
    mutating func add(_ message: NetlinkMessage) throws(SystemError) {
        guard let attributes = message.attributes else { throw .malformed("a message with a malformed attribute") }
        // The name of the table is the first attribute of every kind of object.
        guard message.family == name.family.rawValue, attributes.has(NFTA_TABLE_NAME, named: name.name) else { return }
        guard add(UInt32(message.type & 0xff), attributes) else {
            throw .malformed("a message of type \(message.type) with missing or malformed attributes")
        }
    }

    /// Adds one object; `false` if it is invalid.
    private mutating func add(_ type: UInt32, _ attributes: Attributes) -> Bool {
        switch type {
        case NFT_MSG_NEWTABLE.rawValue:
            table = Table(
                name: name, flags: attributes.u32(NFTA_TABLE_FLAGS) ?? 0,
                userdata: attributes.tableUserdata)
            handle = attributes.u64(NFTA_TABLE_HANDLE)
            return true
        case NFT_MSG_NEWCHAIN.rawValue: return addChain(attributes)
        case NFT_MSG_NEWRULE.rawValue: return rules.add(attributes)
        case NFT_MSG_NEWOBJ.rawValue: return objects.append(ifRead: OpaqueObject(object: attributes))
        case NFT_MSG_NEWFLOWTABLE.rawValue: return objects.append(ifRead: OpaqueObject(flowtable: attributes))
        case NFT_MSG_NEWSET.rawValue: return addSet(attributes)
        case NFT_MSG_NEWSETELEM.rawValue: return open?.collector.add(attributes) ?? false
        default: return true
        }
    }

    /// Adds a chain; the kernel has one of each name, a crafted archive may have more.
    private mutating func addChain(_ attributes: Attributes) -> Bool {
        guard let chain = Chain(from: attributes), chainNames.insert(chain.name).inserted else { return false }
        chains.append(chain)
        return true
    }

    private mutating func addSet(_ attributes: Attributes) -> Bool {
        guard let set = attributes.name(NFTA_SET_NAME), let definition = SetDefinition(from: attributes) else {
            return false
        }
        definitions[set] = definition
        counts[set] = attributes.elementCount
        return true
    }

    /// Ends the reading of a set's elements, unless the kernel reports more elements than were read: then the set stays
    /// open.
    ///
    /// A dump of a hash table that grows meanwhile repeats some elements and misses others. Another dump of the same
    /// generation shows the missing ones, and repeated ones are dropped.
    ///
    /// - Returns: whether the set was closed.
    @discardableResult
    mutating func closeSet() -> Bool {
        guard let open else { return true }
        let read = open.collector.elements
        // Shares the storage of the expected elements, so that later comparisons are fast.
        let expected = candidates.lazy.compactMap { $0.set(open.name)?.elements }.first { $0 == read }
        elements[open.name] = expected ?? read
        if let count = counts[open.name], definitions[open.name]?.isHashed == true, read.keyCount < count {
            return false
        }
        self.open = nil
        return true
    }

    /// Sets the elements of a set that need not be read.
    mutating func take(_ known: SetElements, of set: String) {
        elements[set] = known
        confirmedSets.insert(set)
    }

    /// The definition of a set.
    func definition(of set: String) -> SetDefinition? { definitions[set] }

    /// The number of elements that the kernel reports for a set; `nil` if it reports none.
    func count(of set: String) -> UInt32? { counts[set] }

    /// The sets whose elements belong to the policy, and those whose elements are state on which rules decide.
    var setsToRead: [String] {
        let isState = { (definition: SetDefinition) in definition.flags.contains(.dynamic) }
        let fixed = definitions.filter { !isState($1) }.keys
        guard fixed.count < definitions.count else { return fixed.sorted() }
        let decisive = Set(rules.chains.values.flatMap { $0.rules.flatMap(\.decisiveSets) })
        let states = definitions.filter { name, definition in
            isState(definition) && decisive.contains(name) && (counts[name] ?? 0) <= Self.mostMembers
        }
        return (Array(fixed) + states.keys).sorted()
    }

    /// The elements of larger sets that rules fill are not read.
    private static let mostMembers: UInt32 = 1 << 17

    /// A collector for the elements of a set.
    func collector(for set: String) -> ElementCollector? { definitions[set].map(ElementCollector.init) }
}

extension TableReading {
    /// The table as read.
    ///
    /// - Parameters:
    ///   - isFromKernel: whether the kernel sent the messages: libnftnl, which lists what is not modelled, ends the process at
    ///     bytes that no kernel sends.
    ///   - interfaceName: the names of interfaces, to print rules and sets with their indices.
    /// - Returns: the table.
    func snapshot(isFromKernel: Bool, interfaceName: (UInt32) -> String? = { _ in nil }) -> TableSnapshot {
        guard let table else { return TableSnapshot(generation: generation, table: nil) }
        let read = rules.chains
        let anonymous = anonymousSets(read)
        let named = definitions.filter { anonymous[$0.key] == nil }.map { name, definition -> NamedSet in
            let isState = definition.flags.contains(.dynamic)
            var set = NamedSet(
                name: name, definition: definition,
                elements: isState ? definition.noElements : elements[name] ?? definition.noElements)
            if isState { set.members = elements[name] }
            return isFromKernel ? set.noted(interfaceName: interfaceName) : set
        }
        let full = chains.map { chain in
            var chain = chain
            let rules = (read[chain.name]?.rules ?? []).inlining(anonymous)
            chain.rules = isFromKernel ? rules.noted(interfaceName: interfaceName) : rules
            return chain
        }
        var snapshot = TableSnapshot(
            generation: generation,
            table: Table(
                name: name, flags: table.flags, userdata: table.userdata, chains: full, sets: named, objects: objects),
            states: Dictionary(
                chains.map { ($0.name, read[$0.name]?.states ?? []) }, uniquingKeysWith: { first, _ in first }
            ))
        snapshot.confirmedSets = confirmedSets
        snapshot.handle = handle
        return snapshot
    }

    /// The anonymous sets of lookups; an anonymous set that only an opaque expression refers to stays a set of the
    /// table.
    private func anonymousSets(_ chains: [String: RuleCollector.Chain]) -> [String: AnonymousSet] {
        let anonymous = definitions.filter { $1.flags.contains(.anonymous) }
        guard !anonymous.isEmpty else { return [:] }
        var sets: [String: AnonymousSet] = [:]
        for name in chains.values.flatMap({ $0.rules.flatMap(\.lookedUp) }) {
            guard let definition = anonymous[name] else { continue }
            sets[name] = AnonymousSet(definition: definition, elements: elements[name] ?? definition.noElements)
        }
        return sets
    }
}

extension [Rule] {
    /// The rules with lookups by name replaced by the sets themselves; the same array if there are none.
    fileprivate func inlining(_ sets: [String: AnonymousSet]) -> [Rule] {
        guard !sets.isEmpty, contains(where: { $0.lookedUp.contains { sets[$0] != nil } }) else { return self }
        return map { rule in
            var rule = rule
            rule.inline(sets)
            return rule
        }
    }
}

extension SetDefinition {
    /// Whether the kernel keeps the elements in a hash table, without timeouts.
    fileprivate var isHashed: Bool { flags.isDisjoint(with: [.interval, .concatenated, .timeout, .dynamic]) }
}

extension SetElements {
    /// The number of elements without the catch-all element, which the kernel does not count.
    fileprivate var keyCount: Int {
        guard case .list(let elements) = self else { return count }
        return elements.count { !$0.key.isEmpty }
    }
}

extension Array {
    /// Appends an element; `false` if it is `nil`.
    fileprivate mutating func append(ifRead element: Element?) -> Bool {
        guard let element else { return false }
        append(element)
        return true
    }
}
