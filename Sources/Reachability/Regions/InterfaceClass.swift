internal import Addressing
public import Rulesets

/// A class of interfaces that the rulesets do not distinguish.
public struct InterfaceClass: Hashable, Sendable {
    /// The kinds of classes.
    public enum Kind: Hashable, Sendable {
        /// The interface with this name.
        case named(String)
        /// The interfaces whose names have this prefix and are in no more specific class.
        case prefixed(String)
        /// All other interfaces.
        case other
    }

    /// The kind.
    public var kind: Kind
    /// A name in the class: 16 bytes, padded with NUL.
    var representative: [UInt8]

    /// The loopback interface.
    public static let loopback = InterfaceClass(named: "lo")

    /// A name in the class.
    public var witness: String { KernelName.text(of: representative.prefix { $0 != 0 }) }

    /// The class as a policy writes it: `eth0`, `wg*`; `nil` for all other interfaces.
    public var pattern: String? {
        switch kind {
        case .named(let name): name
        case .prefixed(let start): start + "*"
        case .other: nil
        }
    }

    /// The interface with this name.
    static func named(_ name: String) -> InterfaceClass { InterfaceClass(named: name) }

    fileprivate init(named name: String) {
        kind = .named(name)
        representative = Self.padded(KernelName.bytes(of: name))
    }

    fileprivate init(_ kind: Kind, startingWith bytes: [UInt8], unlike names: Set<[UInt8]>) {
        self.kind = kind
        // A suffix that makes it different from all names in the rulesets.
        let rests = ["", "0", "1", "2"] + (3...(names.count + 4)).map(String.init)
        let free = rests.lazy.map { Self.padded(bytes + Array($0.utf8)) }.first { !names.contains($0) && $0[0] != 0 }
        representative = free ?? Self.padded(bytes)
    }

    static func padded(_ name: [UInt8]) -> [UInt8] {
        let length = InterfacePattern.maximumLength + 1
        return Array(name.prefix(length)) + Array(repeating: 0, count: max(0, length - name.count))
    }

    /// The classes that the rulesets distinguish, including `lo`.
    ///
    /// They are found in comparisons: constants of 16 bytes are names, shorter ones are prefixes; constants of 4 bytes are the
    /// indices of the interfaces with these names.
    ///
    /// - Parameters:
    ///   - tables: the rulesets.
    ///   - routes: the routes of the host, for the indices of its interfaces.
    ///   - includesOutput: whether interfaces by which packets leave count, too, as they do for replies.
    /// - Returns: the classes.
    public static func all(
        in tables: [Table], _ routes: Routes? = nil, includesOutput: Bool = false
    ) -> [InterfaceClass] {
        var finder = InterfaceNames(routes, includesOutput: includesOutput)
        for table in tables { finder.search(table) }
        let names = finder.names.union([padded(Array("lo".utf8))])
        let exact = names.map { KernelName.text(of: $0.prefix { $0 != 0 }) }.sorted()
        let starts = finder.starts.sorted { $0.lexicographicallyPrecedes($1) }
        let other = InterfaceClass(.other, startingWith: Array("eth".utf8), unlike: names)
        return exact.map(InterfaceClass.init(named:))
            + starts.map { start in
                InterfaceClass(
                    .prefixed(KernelName.text(of: start)), startingWith: start, unlike: names)
            } + [finder.isUnfit(other) ? InterfaceClass(.other, startingWith: finder.freeStart, unlike: names) : other]
    }
}

/// Finds the names of interfaces in rulesets.
private struct InterfaceNames {
    private let includesOutput: Bool
    /// Whole names: 16 bytes, padded with NUL.
    var names: Set<[UInt8]> = []
    /// Prefixes of names.
    var starts: Set<[UInt8]> = []
    /// LOOPBACK_IFINDEX of the kernel (`include/net/flow.h`), as a ruleset compares it.
    private static let loopbackIndex = UInt32(1).hostOrderBytes
    /// The names of the host's interfaces, by the bytes of their indices.
    private let indices: [[UInt8]: String]
    private let routes: Routes?

    init(_ routes: Routes?, includesOutput: Bool) {
        self.includesOutput = includesOutput
        self.routes = routes
        let indices = (routes?.indices ?? [:]).map { ($1.hostOrderBytes, $0) }
        self.indices = Dictionary(indices) { first, _ in first }
    }

    mutating func search(_ table: Table) {
        for chain in table.chains {
            for device in chain.base?.devices ?? [] {
                // The packets of a VLAN or a bridge pass the device, those of others do not.
                for name in [device] + (routes?.interfaces(above: device).sorted() ?? []) {
                    insert(InterfaceClass.padded(KernelName.bytes(of: name)))
                }
            }
            for rule in chain.rules { search(rule, table) }
        }
    }

    /// Collects the constants with which a rule compares the name or the index of the input interface.
    private mutating func search(_ rule: Rule, _ table: Table) {
        // The registers that hold the name or the index.
        var holders: Set<Register> = []
        for expression in rule.expressions {
            switch expression {
            case .meta(.inputInterfaceName, into: let register): holders.insert(register)
            case .meta(.inputInterface, into: let register): holders.insert(register)
            case .meta(.outputInterfaceName, into: let register) where includesOutput: holders.insert(register)
            case .meta(.outputInterface, into: let register) where includesOutput: holders.insert(register)
            case .route(let query) where query.flags.contains(.source): holders.insert(query.destination)
            case .compare(let comparison) where holders.contains(comparison.source): insert(comparison.value)
            case .range(let range) where holders.contains(range.source):
                insert(range.lower)
                insert(range.upper)
            case .lookup(let lookup) where !holders.isEmpty: search(lookup, table)
            default: expression.loaded.map { _ = holders.remove($0) }
            }
        }
    }

    private mutating func search(_ lookup: Lookup, _ table: Table) {
        let found: (SetDefinition, SetElements)? =
            switch lookup.set {
            case .anonymous(let set): (set.definition, set.elements)
            case .named(let name): table.set(name).map { ($0.definition, $0.elements) }
            }
        guard let (definition, held) = found, case .list(let elements) = held else { return }
        let fields = definition.fieldLengths.isEmpty ? possibleFields(definition) : definition.fields
        for element in elements where !element.key.isEmpty {
            for field in fields {
                switch field.count {
                case InterfaceClass.loopback.representative.count:
                    insert(Array(element.key[field]), through: element.upper.map { Array($0[field]) })
                case 4: insert(index: element.key[field])
                default: break
                }
            }
        }
    }

    /// The possible positions of a name of 16 bytes and of an index of 4 bytes in a key without field lengths.
    private func possibleFields(_ definition: SetDefinition) -> [Range<Int>] {
        let length = Int(definition.keyLength)
        return [4, 16].flatMap { size in
            stride(from: 0, to: length, by: 4).filter { $0 + size <= length }.map { $0..<($0 + size) }
        }
    }

    /// Inserts the name of the interface with this index, if the host has one.
    private mutating func insert(index: some Collection<UInt8>) {
        guard let name = indices[Array(index)], name != "lo" else { return }
        names.insert(InterfaceClass.padded(KernelName.bytes(of: name)))
    }

    private mutating func insert(_ name: [UInt8], through upper: [UInt8]? = nil) {
        if name.count == 4, indices[name] != nil { return insert(index: name) }
        // The host's indices may not be known, but `lo` has the same one everywhere.
        if name == Self.loopbackIndex { return }
        let start = [UInt8](name.prefix(while: { $0 != 0 }))
        // `dev_valid_name` of the kernel (`net/core/dev.c`) takes no others; a constant of another kind is no name.
        guard !start.isEmpty, !start.contains(where: { [0x20, 0x2f, 0x3a].contains($0) || 9...13 ~= $0 }),
            name.dropFirst(start.count).allSatisfy({ $0 == 0 })
        else { return }
        // A NUL ends the name: iptables compares that, too, and no more of the 16 bytes.
        if start.count < name.count || name.count == 16, upper == nil || upper == name {
            names.insert(InterfaceClass.padded(start))
        } else {
            starts.insert(start)
        }
    }

    /// Whether the representative of the class has a prefix of another class.
    func isUnfit(_ candidate: InterfaceClass) -> Bool {
        starts.contains { candidate.representative.starts(with: $0) }
    }

    /// A name with a first letter that no prefix has.
    var freeStart: [UInt8] {
        let taken = Set(starts.compactMap(\.first))
        let letters = Array("xyzqjkvuabcdefghilmnoprstwXYZ".utf8)
        let letter = letters.first { !taken.contains($0) } ?? UInt8(ascii: "_")
        return [letter] + "-other".utf8
    }
}

extension Expression {
    /// The register into which it loads something else than a name; `nil` for none.
    fileprivate var loaded: Register? {
        switch self {
        case .meta(_, into: let register): register
        case .payload(let payload): payload.destination
        case .conntrack(let load): load.destination
        case .immediate(let immediate): immediate.destination
        case .route(let query): query.destination
        default: nil
        }
    }
}
