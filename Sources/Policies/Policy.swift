public import Addressing

/// A place in a policy file; line and column count from 1, the column in Unicode scalars.
public struct SourceLocation: Hashable, Sendable {
    /// The path as given, or as reached through `include`.
    public var file: String
    /// The line, from 1.
    public var line: Int
    /// The column, from 1, in Unicode scalars.
    public var column: Int

    /// The place at these coordinates.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// A policy that was read without an error: names resolved, includes merged, addresses flattened.
public struct Policy: Hashable, Sendable {
    /// What holds for every service and for what no service wants.
    public var defaults: Defaults
    /// The named groups, in the order of their names.
    public var groups: [SourceGroup]
    /// Who gets nothing; `nil` without a `deny`.
    public var deny: SourceList?
    /// The services, in the order of their names.
    public var services: [Service]
    /// The assertions under `tests`, in the order written.
    public var assertions: [Assertion]
    /// Every file that was read, the policy itself first: includes and lists in the order reached.
    public var files: [String]
    /// What they hold, in the same order; shared with the reader, not copied.
    public var texts: [[UInt8]]

    /// A policy of these parts.
    public init(
        defaults: Defaults = Defaults(), groups: [SourceGroup] = [], deny: SourceList? = nil, services: [Service] = [],
        assertions: [Assertion] = [], files: [String] = [], texts: [[UInt8]] = []
    ) {
        self.defaults = defaults
        self.groups = groups
        self.deny = deny
        self.services = services
        self.assertions = assertions
        self.files = files
        self.texts = texts
    }
}

/// A named group of addresses, nested groups and list files resolved.
public struct SourceGroup: Hashable, Sendable {
    /// The name.
    public var name: String
    /// Where the name stands.
    public var location: SourceLocation
    /// Every address in it.
    public var addresses: AddressSet

    /// A group of these parts.
    public init(name: String, location: SourceLocation, addresses: AddressSet) {
        self.name = name
        self.location = location
        self.addresses = addresses
    }
}

/// A list of sources as a service, `deny` or an assertion names them.
public struct SourceList: Hashable, Sendable {
    /// Where the list stands.
    public var location: SourceLocation
    /// The entries as written, in their order: `any`, group names, addresses, prefixes, ranges.
    public var entries: [String]
    /// Every address that an entry stands for.
    public var addresses: AddressSet

    /// A list of these parts.
    public init(location: SourceLocation, entries: [String], addresses: AddressSet) {
        self.location = location
        self.entries = entries
        self.addresses = addresses
    }
}

/// What an assertion expects of new connections.
public enum Expectation: String, Hashable, Sendable, CaseIterable {
    /// Every connection is let in.
    case allow
    /// Every connection is refused.
    case deny
}

/// An entry under `tests`.
public struct Assertion: Hashable, Sendable {
    /// Where the entry stands.
    public var location: SourceLocation
    /// The sources that it speaks of.
    public var from: SourceList
    /// Sources that it does not speak of.
    public var except: SourceList?
    /// The ports that it speaks of.
    public var ports: [ServicePort]
    /// What is expected.
    public var expect: Expectation

    /// An assertion of these parts.
    public init(
        location: SourceLocation, from: SourceList, except: SourceList?, ports: [ServicePort], expect: Expectation
    ) {
        self.location = location
        self.from = from
        self.except = except
        self.ports = ports
        self.expect = expect
    }
}
