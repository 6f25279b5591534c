internal import Addressing

/// The identity of a table: table names are unique in a family.
public struct TableName: Hashable, Sendable {
    /// The family.
    public var family: TableFamily
    /// The name.
    public var name: String

    /// The name of a table in this family.
    public init(family: TableFamily, name: String) {
        self.family = family
        self.name = name
    }
}

extension TableName: CustomStringConvertible {
    /// The name in nft's notation: `inet portreeve`.
    public var description: String { "\(family) \(name)" }
}

/// A table and its contents, without the kernel's handles, counters and limiter state.
///
/// Chains and sets are sorted by name: equal tables are equal values, whatever the order of creation.
public struct Table: Hashable, Sendable {
    /// The family and the name.
    public var name: TableName
    /// `NFT_TABLE_F_…` of `linux/netfilter/nf_tables.h`.
    public var flags: UInt32
    /// The user data, which may hold a comment of nft: at most 256 bytes.
    public var userdata: [UInt8]
    /// The chains, sorted by name.
    public private(set) var chains: [Chain]
    /// The named sets and maps, sorted by name; an anonymous set is part of its rule.
    public private(set) var sets: [NamedSet]
    /// The stateful objects and flowtables, which are not modelled, sorted by kind and name.
    public private(set) var objects: [OpaqueObject]

    /// A table of these parts; the order of the parts does not matter.
    public init(
        name: TableName, flags: UInt32 = 0, userdata: [UInt8] = [], chains: [Chain] = [], sets: [NamedSet] = [],
        objects: [OpaqueObject] = []
    ) {
        self.name = name
        self.flags = flags
        self.userdata = userdata
        self.chains = chains.sorted { $0.name < $1.name }
        self.sets = sets.sorted { $0.name < $1.name }
        self.objects = objects.sorted { ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name) }
    }

    /// The chain with this name, in O(log n).
    public func chain(_ name: String) -> Chain? { chains.element(named: name, by: \.name) }

    /// The set or map with this name, in O(log n).
    public func set(_ name: String) -> NamedSet? { sets.element(named: name, by: \.name) }
}

extension Array {
    /// The element with this name in an array sorted by name.
    func element(named name: String, by key: (Element) -> String) -> Element? {
        let place = partitioningIndex { key($0) >= name }
        return place < count && key(self[place]) == name ? self[place] : nil
    }
}

/// A stateful object or a flowtable; portreeve creates none, and reports existing ones.
public struct OpaqueObject: Hashable, Sendable {
    /// The kinds of objects.
    public enum Kind: UInt8, Sendable {
        /// A counter, a quota, a limit or another stateful object, `NFT_MSG_GETOBJ`.
        case statefulObject
        /// A flowtable, `NFT_MSG_GETFLOWTABLE`.
        case flowtable
    }

    /// The kind.
    public var kind: Kind
    /// The name.
    public var name: String
    /// The object type, `NFT_OBJECT_…`; 0 for a flowtable.
    public var type: UInt32
    /// The netlink attributes as the kernel sent them, without handle and use count.
    public var attributes: [UInt8]

    /// An object of these parts.
    public init(kind: Kind, name: String, type: UInt32, attributes: [UInt8]) {
        self.kind = kind
        self.name = name
        self.type = type
        self.attributes = attributes
    }
}
