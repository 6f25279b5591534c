public import Addressing

/// A location in a policy file.
public struct SourceLocation: Hashable, Sendable {
    /// The path as given by the caller, or as resolved from `include`.
    public var file: String
    /// The line, from 1.
    public var line: Int
    /// The column, from 1, in Unicode scalars.
    public var column: Int

    /// A location of these parts.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// A valid policy: names resolved, included files merged, addresses flattened.
public struct Policy: Hashable, Sendable {
    /// The hosts that it is for, as names and patterns; empty for any.
    public var hosts: [HostPattern]
    /// The defaults.
    public var defaults: Defaults
    /// The named groups, sorted by name.
    public var groups: [SourceGroup]
    /// The sources that every service refuses, without those of `neverDeny`; `nil` for a policy without `deny`.
    public var deny: SourceList?
    /// The sources that `deny` never covers; `nil` for none.
    public var neverDeny: SourceList?
    /// The entries of `trusted`, sorted by name.
    public var trusted: [Trusted]
    /// The services, sorted by name.
    public var services: [Service]
    /// The lines of `outbound`, sorted by name.
    public var outbound: [OutboundLine] = []
    /// The assertions under `tests` about connections to this host, in the order of the policy.
    public var assertions: [Assertion]
    /// The assertions under `tests` about connections of this host, in the order of the policy.
    public var outboundAssertions: [OutboundAssertion] = []
    /// The findings that are known and meant, in the order of the policy.
    public var acceptances: [Acceptance]
    /// The paths of all files: the main file first, then included files and lists in the order of loading.
    public var files: [String]
    /// The contents of the files, in the same order; shared with the reader, not copied.
    public var texts: [[UInt8]]
    /// The indices of the lists among the files.
    public var lists: Set<Int>
    /// The lists, in the order of loading.
    public var listFiles: [ListFile] = []
    /// The DNS names, in the order of loading.
    public var names: [NamedSource] = []

    /// A policy of these parts.
    public init(
        hosts: [HostPattern] = [], defaults: Defaults = Defaults(), groups: [SourceGroup] = [], deny: SourceList? = nil,
        trusted: [Trusted] = [], services: [Service] = [], assertions: [Assertion] = [],
        acceptances: [Acceptance] = [], files: [String] = [], texts: [[UInt8]] = [], lists: Set<Int> = []
    ) {
        self.hosts = hosts
        self.defaults = defaults
        self.groups = groups
        self.deny = deny
        self.trusted = trusted
        self.services = services
        self.assertions = assertions
        self.acceptances = acceptances
        self.files = files
        self.texts = texts
        self.lists = lists
    }
}

/// A named group of addresses, with nested groups and list files resolved.
public struct SourceGroup: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The location of the name.
    public var location: SourceLocation
    /// All addresses in the group.
    public var addresses: AddressSet
    /// The DNS names in the group, whose addresses change; sorted.
    public var names: [String] = []

    /// A group of these parts.
    public init(name: String, location: SourceLocation, addresses: AddressSet) {
        self.name = name
        self.location = location
        self.addresses = addresses
    }
}

/// A list of sources of a service, of `deny` or of an assertion.
public struct SourceList: Hashable, Sendable {
    /// The location of the list.
    public var location: SourceLocation
    /// The entries as written, in order: `any`, group names, addresses, prefixes, ranges.
    public var entries: [String]
    /// All addresses of the entries.
    public var addresses: AddressSet
    /// The DNS names in groups among the entries, whose addresses change; sorted.
    public var names: [String] = []

    /// A list of these parts.
    public init(location: SourceLocation, entries: [String], addresses: AddressSet) {
        self.location = location
        self.entries = entries
        self.addresses = addresses
    }
}

/// The result that an assertion expects for new connections.
public enum Expectation: String, Hashable, Sendable, CaseIterable {
    /// Every connection is accepted.
    case allow
    /// Every connection is refused.
    case deny
}

/// An entry under `tests`.
public struct Assertion: Hashable, Sendable {
    /// The location of the entry.
    public var location: SourceLocation
    /// The sources under test.
    public var from: SourceList
    /// Sources that are exempt; `nil` for none.
    public var except: SourceList?
    /// The ports under test.
    public var ports: [ServicePort]
    /// The name of the interface on which the connections arrive; `nil` for any.
    public var interface: String?
    /// The address of the host that the client dials; `nil` for each.
    public var address: IPAddress?
    /// The expected result.
    public var expect: Expectation

    /// An assertion of these parts.
    public init(
        location: SourceLocation, from: SourceList, except: SourceList?, ports: [ServicePort],
        interface: String? = nil, address: IPAddress? = nil, expect: Expectation
    ) {
        self.location = location
        self.from = from
        self.except = except
        self.ports = ports
        self.interface = interface
        self.address = address
        self.expect = expect
    }
}
