public import Addressing

/// A DNS name whose addresses are sources.
///
/// Its addresses are a text of the policy, as those of a list are: the state keeps them with the policy that was applied.
public struct NamedSource: Hashable, Sendable {
    /// The name, in lower case.
    public var name: String
    /// The location of the name in the policy.
    public var location: SourceLocation
    /// The groups that name it.
    public var groups: [String]
    /// How long an address stays after it was last seen.
    public var keep: TimeSpan
    /// The most addresses that it has at once.
    public var atMost: Int
    /// The addresses that are known; none if the name never had any.
    public var addresses: AddressSet

    /// The values of keys that a policy leaves out.
    public static let usualKeep = TimeSpan(seconds: 86400)
    /// The same of the most addresses.
    public static let usualMost = 16

    /// A name of these parts.
    public init(
        name: String, location: SourceLocation, groups: [String], keep: TimeSpan = usualKeep, atMost: Int = usualMost,
        addresses: AddressSet = AddressSet()
    ) {
        self.name = name
        self.location = location
        self.groups = groups
        self.keep = keep
        self.atMost = atMost
        self.addresses = addresses
    }

    /// The addresses, in ascending order.
    public var list: [IPAddress] {
        addresses.ipv4.ranges.flatMap { $0.map(IPAddress.ipv4) }
            + addresses.ipv6.ranges.flatMap { $0.map(IPAddress.ipv6) }
    }

    /// Whether no address of it is known, so that it may have any.
    public var isUnknown: Bool { addresses.isEmpty }

    private static let scheme = "dns:"

    /// The path of the text with its addresses among the files of a policy: of no file of the host.
    public var path: String { Self.path(of: name) }

    /// The path of the text with the addresses of a name.
    public static func path(of name: String) -> String { scheme + name }

    /// Whether a path is that of the addresses of a name.
    public static func isPath(_ path: String) -> Bool { path.hasPrefix(scheme) }

    /// The text with these addresses.
    public static func text(of addresses: some Sequence<IPAddress>) -> [UInt8] {
        Array(addresses.sorted().map { "\($0)\n" }.joined().utf8)
    }

    /// The addresses in such a text; `nil` if it has anything else.
    public static func addresses(in text: [UInt8]) -> [IPAddress]? {
        var addresses: [IPAddress] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard let range = try? AddressRange(String(decoding: line, as: UTF8.self)), let address = IPAddress(range)
            else { return nil }
            addresses.append(address)
        }
        return addresses
    }
}

extension Policy {
    /// The names among these without a known address.
    public func unknown(_ names: [String]) -> [String] {
        names.isEmpty ? [] : names.filter { name in self.names.contains { $0.name == name && $0.isUnknown } }
    }

    /// The names with this address.
    public func names(of address: IPAddress) -> [NamedSource] { names.filter { $0.addresses.contains(address) } }
}
