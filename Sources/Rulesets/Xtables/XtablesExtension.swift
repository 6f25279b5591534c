/// A match or a target of iptables that a rule holds, as `iptables-nft` writes those that nf_tables has no words for.
public struct XtablesExtension: Hashable, Sendable {
    /// What it does.
    public enum Kind: String, Hashable, Sendable {
        /// Ends the rule unless the packet fits.
        case match
        /// Decides, or does something to the packet.
        case target
    }

    /// What it does.
    public var kind: Kind
    /// Its name: `addrtype`, `DNAT`.
    public var name: String
    /// The revision of its structure.
    public var revision: UInt32
    /// Its structure of `linux/netfilter/xt_*.h` in memory order, padded to a multiple of eight bytes.
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
    /// The extension as nft writes one that it cannot translate: `xt match "addrtype"`.
    public var description: String { "xt \(kind.rawValue) \(quoted(name))" }
}
