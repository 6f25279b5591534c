/// What a set is, apart from its name and its elements.
public struct SetDefinition: Hashable, Sendable {
    /// `NFT_SET_…` flags of `linux/netfilter/nf_tables.h`.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The bits.
        public var rawValue: UInt32

        /// The flags of these bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Dies with its rule.
        public static let anonymous = Self(rawValue: 1)
        /// Does not change while bound.
        public static let constant = Self(rawValue: 2)
        /// Elements are ranges.
        public static let interval = Self(rawValue: 4)
        /// Elements have values.
        public static let map = Self(rawValue: 8)
        /// Elements may time out.
        public static let timeout = Self(rawValue: 0x10)
        /// Rules may add elements; nft says `dynamic`.
        public static let dynamic = Self(rawValue: 0x20)
        /// Values are stateful objects.
        public static let object = Self(rawValue: 0x40)
        /// Keys are concatenated ranges; kernel 5.6 or later.
        public static let concatenated = Self(rawValue: 0x80)
    }

    /// The data type of keys: nft's number, 6 bits a field of a concatenation.
    public var keyType: UInt32
    /// The length of keys in bytes.
    public var keyLength: UInt32
    /// What the set can do.
    public var flags: Flags
    /// The data type of a map's values, `SetDefinition.verdictType` for verdicts.
    public var dataType: UInt32?
    /// The length of a map's values in bytes; 0 for verdicts, whatever size the kernel has for them.
    public var dataLength: UInt32?
    /// The most elements it can hold; `nil` for no bound.
    public var size: UInt32?
    /// How long elements live unless they say so, in milliseconds.
    public var timeout: UInt64?
    /// How often expired elements are collected, in milliseconds.
    public var gcInterval: UInt32?
    /// `NFT_SET_POL_…`; `nil` for performance.
    public var policy: UInt32?
    /// The lengths in bytes of a concatenation's fields, where `flags` has `concatenated`.
    public var fieldLengths: [UInt32]
    /// What each new element runs.
    public var expressions: [Expression]
    /// The type-length-value data that nft keeps byte orders and a comment in; no part of equality.
    public var userdata: [UInt8] {
        get { listingHints.value }
        set { listingHints.value = newValue }
    }
    private var listingHints: Incidental<[UInt8]>
    /// Attributes that are not modelled, as the kernel sent them.
    public var unrecognized: [UInt8]

    /// `NFT_DATA_VERDICT` of `linux/netfilter/nf_tables.h`.
    public static let verdictType: UInt32 = 0xffff_ff00

    /// A definition of these parts.
    public init(
        keyType: UInt32, keyLength: UInt32, flags: Flags = [], dataType: UInt32? = nil, dataLength: UInt32? = nil,
        size: UInt32? = nil, timeout: UInt64? = nil, gcInterval: UInt32? = nil, policy: UInt32? = nil,
        fieldLengths: [UInt32] = [], expressions: [Expression] = [], userdata: [UInt8] = [],
        unrecognized: [UInt8] = []
    ) {
        self.keyType = keyType
        self.keyLength = keyLength
        self.flags = flags
        self.dataType = dataType
        self.dataLength = dataLength
        self.size = size
        self.timeout = timeout
        self.gcInterval = gcInterval
        self.policy = policy
        self.fieldLengths = fieldLengths
        self.expressions = expressions
        self.listingHints = Incidental(userdata)
        self.unrecognized = unrecognized
    }
}

/// A set or map with a name.
public struct NamedSet: Hashable, Sendable {
    /// The name.
    public var name: String
    /// What it is.
    public var definition: SetDefinition
    /// What it holds; always empty for a set that rules fill (`dynamic`): its elements are state.
    public var elements: SetElements

    /// A set of these parts.
    public init(name: String, definition: SetDefinition, elements: SetElements) {
        self.name = name
        self.definition = definition
        self.elements = elements
    }
}

/// A set or map that lives and dies with the rule that holds it.
public struct AnonymousSet: Hashable, Sendable {
    /// What it is; `flags` has `anonymous`.
    public var definition: SetDefinition
    /// What it holds.
    public var elements: SetElements

    /// A set of these parts.
    public init(definition: SetDefinition, elements: SetElements) {
        self.definition = definition
        self.elements = elements
    }
}

/// A part of a value that is carried along and takes no part in equality.
///
/// A set's user data tells nft how to print it; no packet meets it, and versions of nft differ in it.
struct Incidental<Value: Sendable>: Hashable, Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }

    static func == (_: Self, _: Self) -> Bool { true }

    func hash(into _: inout Hasher) {}
}
