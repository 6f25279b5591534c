/// Facts that make a rule or a set readable: it has only the numbers of the host's interfaces, and bytes that are not modelled.
public final class ListingNotes: Sendable {
    /// The names of the interfaces that it compares or holds, by index.
    public let interfaceNames: [UInt32: String]
    /// libnftnl's text of each expression that is not modelled: `quota bytes 100 flags 0`.
    public let listings: [Expression: String]

    /// Notes of these parts.
    public init(interfaceNames: [UInt32: String], listings: [Expression: String]) {
        self.interfaceNames = interfaceNames
        self.listings = listings
    }
}
