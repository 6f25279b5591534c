/// A match or a target of iptables in a rule: `iptables-nft` uses these if nf_tables has no equivalent.
public struct XtablesExtension: Hashable, Sendable {
    /// The kinds of extensions.
    public enum Kind: String, Hashable, Sendable {
        /// Ends the rule unless the packet matches.
        case match
        /// Sets the verdict, or changes the packet.
        case target
    }

    /// The kind.
    public var kind: Kind
    /// The name: `addrtype`, `DNAT`.
    public var name: String
    /// The revision of the structure.
    public var revision: UInt32
    /// The structure of `linux/netfilter/xt_*.h` in memory order, padded to a multiple of eight bytes.
    public var info: [UInt8]

    /// An extension of these parts.
    public init(_ kind: Kind, name: String, revision: UInt32, info: [UInt8]) {
        self.kind = kind
        self.name = name
        self.revision = revision
        self.info = info
    }
}

extension XtablesExtension: CustomStringConvertible {
    /// The extension as nft prints one that it cannot translate, `xt match "addrtype"`; of `recent` also what it counts.
    public var description: String {
        "xt \(kind.rawValue) \(quoted(name))" + (recent.map { " \($0)" } ?? "")
    }
}
