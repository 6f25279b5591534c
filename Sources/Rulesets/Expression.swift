/// One expression of a rule's bytecode, as `nft --debug=netlink` prints it.
///
/// State that the kernel keeps in an expression (packets and bytes of a counter, tokens of a limit) is
/// not part of the value. An expression that is not modelled, or that carries an attribute which is
/// not modelled, is `opaque`: never dropped, never taken for something simpler.
public enum Expression: Hashable, Sendable {
    /// Loads a property of the packet's way into a register.
    case meta(MetaKey, into: Register)
    /// Loads bytes of the packet into a register.
    case payload(Payload)
    /// Loads a property of the packet's connection into a register.
    case conntrack(ConntrackLoad)
    /// Ends the rule unless a register compares with a constant.
    case compare(Comparison)
    /// Ends the rule unless a register lies in (or out of) a range.
    case range(RangeComparison)
    /// Masks a register.
    case bitwise(BitwiseMask)
    /// Converts a register between host and network byte order.
    case byteOrder(ByteOrderConversion)
    /// Looks a register up in a set or a map.
    case lookup(Lookup)
    /// Adds a register to a set from the packet path, and runs the element's own expressions.
    case dynamicSet(DynamicSet)
    /// Loads a constant into a register.
    case immediate(Immediate)
    /// Decides.
    case verdict(Verdict)
    /// Counts packets and bytes.
    case counter
    /// Ends the rule when the rate is kept (or broken).
    case limit(RateLimit)
    /// Logs the packet.
    case log(LogStatement)
    /// Answers the packet with an error, and drops it.
    case reject(Reject)
    /// Replaces the address or port of the connection.
    case translate(AddressTranslation)
    /// Redirects the connection to this host itself.
    case redirect(PortRedirection)
    /// Asks the routing tables.
    case route(RouteLookup)
    /// Runs a match or a target of iptables.
    case xtables(XtablesExtension)
    /// Something that is not modelled: its name and its attributes as the kernel sent them.
    case opaque(name: String, attributes: [UInt8])
}

/// A register: 0 holds the verdict, 1 to 4 have 16 bytes, 8 to 23 are the same in pieces of 4.
public struct Register: RawRepresentable, Hashable, Sendable {
    /// The number, `NFT_REG_…` of `linux/netfilter/nf_tables.h`.
    public var rawValue: UInt32

    /// The register of this number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The verdict register.
    public static let verdict = Self(rawValue: 0)
    /// The first data register of 16 bytes.
    public static let first = Self(rawValue: 1)
    /// The second 4 bytes of `first`, where the second field of a concatenation goes.
    public static let secondWord = Self(rawValue: 9)
}

/// What a rule, or an element of a verdict map, decides.
public enum Verdict: Hashable, Sendable {
    /// Accept for this base chain.
    case accept
    /// Drop for good.
    case drop
    /// Go on with the next rule.
    case `continue`
    /// Go back to the caller.
    case `return`
    /// Call a chain.
    case jump(String)
    /// Go to a chain without coming back.
    case goto(String)
    /// Any other code, such as a queue's.
    case other(Int32)

    /// The chain that the verdict leads to.
    public var target: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        default: nil
        }
    }
}
