/// The properties of a set or a map apart from its name and its elements.
public struct SetDefinition: Hashable, Sendable {
    /// `NFT_SET_…` flags of `linux/netfilter/nf_tables.h`.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The bits.
        public var rawValue: UInt32

        /// The flags of these bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Belongs to a rule, and is deleted with it.
        public static let anonymous = Self(rawValue: 1)
        /// Does not change while a rule uses it.
        public static let constant = Self(rawValue: 2)
        /// Elements are ranges.
        public static let interval = Self(rawValue: 4)
        /// Elements have values: a map.
        public static let map = Self(rawValue: 8)
        /// Elements may time out.
        public static let timeout = Self(rawValue: 0x10)
        /// Rules may add elements.
        public static let dynamic = Self(rawValue: 0x20)
        /// Values are stateful objects.
        public static let object = Self(rawValue: 0x40)
        /// Keys are concatenated ranges; kernel 5.6 or later.
        public static let concatenated = Self(rawValue: 0x80)
    }

    /// The data type of keys: nft's number, with 6 bits for each field of a concatenation.
    public var keyType: UInt32
    /// The length of keys in bytes.
    public var keyLength: UInt32
    /// The flags.
    public var flags: Flags
    /// The data type of the values of a map, `SetDefinition.verdictType` for verdicts; `nil` for a set.
    public var dataType: UInt32?
    /// The length of the values of a map in bytes; 0 for verdicts, whatever size the kernel reports for these.
    public var dataLength: UInt32?
    /// The maximum number of elements; `nil` for no limit.
    public var size: UInt32?
    /// The default timeout of elements in milliseconds; `nil` for none.
    public var timeout: UInt64?
    /// The interval of the garbage collection of expired elements, in milliseconds.
    public var gcInterval: UInt32?
    /// `NFT_SET_POL_…`; `nil` for the kernel's default, performance.
    public var policy: UInt32?
    /// The lengths of the fields of a concatenation in bytes, if `flags` has `concatenated`.
    public var fieldLengths: [UInt32]
    /// The expressions that each new element gets.
    public var expressions: [Expression]
    /// The user data of nft in type-length-value form: byte orders and a comment; ignored by `==`.
    public var userdata: [UInt8] {
        get { listingHints.value }
        set { listingHints.value = newValue }
    }
    private var listingHints: Incidental<[UInt8]>
    /// Notes for printing the set; they take no part in equality.
    public var notes: ListingNotes? {
        get { incidentalNotes.value }
        set { incidentalNotes.value = newValue }
    }
    private var incidentalNotes = Incidental<ListingNotes?>(nil)
    /// The netlink attributes that are not modelled, as the kernel sent them.
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
    /// The definition.
    public var definition: SetDefinition
    /// The elements; always empty for a set with the flag `dynamic`, whose elements are state.
    public var elements: SetElements
    /// The elements that a set with the flag `dynamic` had when it was read.
    ///
    /// `nil` if they were not read, and for other sets. They take no part in equality.
    public var members: SetElements? {
        get { state.value }
        set { state.value = newValue }
    }
    private var state = Incidental<SetElements?>(nil)

    /// A set of these parts.
    public init(name: String, definition: SetDefinition, elements: SetElements) {
        self.name = name
        self.definition = definition
        self.elements = elements
    }
}

/// A set or map that belongs to a rule, and is deleted with it.
public struct AnonymousSet: Hashable, Sendable {
    /// The definition; `flags` has `anonymous`.
    public var definition: SetDefinition
    /// The elements.
    public var elements: SetElements

    /// A set of these parts.
    public init(definition: SetDefinition, elements: SetElements) {
        self.definition = definition
        self.elements = elements
    }
}

/// A part of a value that `==` and `hash(into:)` ignore.
///
/// The user data of a set only tells nft how to print it, and differs between versions of nft.
struct Incidental<Value: Sendable>: Hashable, Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }

    static func == (_: Self, _: Self) -> Bool { true }

    func hash(into _: inout Hasher) {}
}
