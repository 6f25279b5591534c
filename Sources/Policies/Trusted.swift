/// An entry of `trusted`: sources or interfaces from which everything is accepted, whatever the port or protocol.
public struct Trusted: Hashable, Sendable {
    /// The name: `[a-z][a-z0-9-]{0,30}`, which no service or forward has.
    public var name: String
    /// The location of the name.
    public var location: SourceLocation
    /// The sources and conditions; it has interfaces, or sources other than `any`, and no limit.
    public var entry: AllowEntry
    /// When a person last confirmed that it is still needed; `nil` if that is not known.
    public var reviewed: Review?

    /// An entry of these parts.
    public init(name: String, entry: AllowEntry) {
        self.name = name
        location = entry.location
        self.entry = entry
    }
}
