public import Addressing

/// An entry of `masquerade`: sources that leave this host by some interfaces under the host's address.
public struct Masquerade: Hashable, Sendable {
    /// The name: `[a-z][a-z0-9-]{0,30}`, which no other entry of `masquerade` has.
    public var name: String
    /// The location of the name.
    public var location: SourceLocation
    /// The sources.
    public var sources: SourceList
    /// The sources that are exempt; `nil` for none.
    public var except: SourceList?
    /// The interfaces by which they leave: at least one.
    public var interfaces: [InterfacePattern]
    /// The reason.
    public var why: String?
    /// The person or team responsible.
    public var owner: String?
    /// The ticket in which it was requested.
    public var ticket: String?
    /// When a person last confirmed that it is still needed; `nil` if that is not known.
    public var reviewed: Review?

    /// An entry of these parts.
    public init(
        name: String, location: SourceLocation, sources: SourceList, except: SourceList? = nil,
        interfaces: [InterfacePattern], why: String? = nil, owner: String? = nil, ticket: String? = nil,
        reviewed: Review? = nil
    ) {
        self.name = name
        self.location = location
        self.sources = sources
        self.except = except
        self.interfaces = interfaces
        self.why = why
        self.owner = owner
        self.ticket = ticket
        self.reviewed = reviewed
    }

    /// All addresses of `sources` without those of `except`.
    public var addresses: AddressSet {
        except.map { sources.addresses.subtracting($0.addresses) } ?? sources.addresses
    }
}
