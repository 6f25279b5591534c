/// Facts about the host that make a rule readable: the rule itself has only numbers.
public final class RuleNotes: Sendable {
    /// The names of the interfaces that the rule compares, by index.
    public let interfaceNames: [UInt32: String]
    /// libnftnl's text of each expression that is not modelled, by its index in the rule: `quota bytes 100 flags 0`.
    public let listings: [Int: String]

    /// Notes of these parts.
    public init(interfaceNames: [UInt32: String], listings: [Int: String]) {
        self.interfaceNames = interfaceNames
        self.listings = listings
    }
}
