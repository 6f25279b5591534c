/// One expression of a rule's bytecode, as `nft --debug=netlink` prints it.
///
/// The value excludes the state in an expression, such as the packets and bytes of a counter or the tokens of a limit.
/// An expression that is not modelled, or has an attribute that is not modelled, is `opaque`: it is never omitted or
/// reduced to a simpler one.
public enum Expression: Hashable, Sendable {
    /// Loads a property that the kernel holds beside the packet, such as its input interface, into a register.
    case meta(MetaKey, into: Register)
    /// Loads bytes of the packet into a register.
    case payload(Payload)
    /// Loads a property of the packet's connection into a register.
    case conntrack(ConntrackLoad)
    /// Sets a property of the packet's connection from a register.
    case setConntrack(ConntrackAssignment)
    /// Ends the rule unless a comparison of a register with a constant is true.
    case compare(Comparison)
    /// Ends the rule unless a register is inside (or outside) a range.
    case range(RangeComparison)
    /// Masks a register.
    case bitwise(BitwiseMask)
    /// Converts a register between host and network byte order.
    case byteOrder(ByteOrderConversion)
    /// Looks up a register in a set or a map.
    case lookup(Lookup)
    /// Adds a register to a set and runs the expressions of the element.
    case dynamicSet(DynamicSet)
    /// Loads a constant into a register.
    case immediate(Immediate)
    /// Sets the verdict.
    case verdict(Verdict)
    /// Counts packets and bytes.
    case counter
    /// Ends the rule above the rate, or up to the rate if the limit is inverted.
    case limit(RateLimit)
    /// Ends the rule up to a number of connections at once, or above it if the count is not inverted.
    case connectionCount(ConnectionCount)
    /// Logs the packet.
    case log(LogStatement)
    /// Drops the packet and sends an error to its source.
    case reject(Reject)
    /// Translates the address or port of the connection.
    case translate(AddressTranslation)
    /// Redirects the connection to this host.
    case redirect(PortRedirection)
    /// Queries the routing tables.
    case route(RouteLookup)
    /// Loads a number that the kernel chooses for the packet into a register.
    case number(NumberGenerator)
    /// Runs a match or a target of iptables (xtables).
    case xtables(XtablesExtension)
    /// An expression that is not modelled: its name and its netlink attributes as the kernel sent them.
    case opaque(name: String, attributes: [UInt8])

    /// Gives the connection the address of this host on the interface by which it leaves.
    public static let masquerade = Expression.opaque(name: "masq", attributes: [])
}

/// A register: 0 is the verdict, 1 to 4 have 16 bytes each, 8 to 23 are the same bytes in words of 4.
public struct Register: RawRepresentable, Hashable, Sendable {
    /// The number, `NFT_REG_…` of `linux/netfilter/nf_tables.h`.
    public var rawValue: UInt32

    /// The register with this number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The verdict register.
    public static let verdict = Self(rawValue: 0)
    /// The first data register of 16 bytes.
    public static let first = Self(rawValue: 1)
    /// The second data register of 16 bytes.
    public static let second = Self(rawValue: 2)
    /// The second 4 bytes of `first`: the second field of a concatenation.
    public static let secondWord = Self(rawValue: 9)
}

/// The verdict of a rule or of an element of a verdict map.
public enum Verdict: Hashable, Sendable {
    /// Accept in this base chain; later base chains still see the packet.
    case accept
    /// Drop; no later chain sees the packet.
    case drop
    /// Go on with the next rule.
    case `continue`
    /// Return to the calling chain.
    case `return`
    /// Call a chain.
    case jump(String)
    /// Continue in a chain without a return.
    case goto(String)
    /// Any other code, such as that of `queue`.
    case other(Int32)

    /// The chain of a jump or goto; `nil` for any other verdict.
    public var target: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        default: nil
        }
    }
}
