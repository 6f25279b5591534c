/// A name of a host, or a pattern of names, in which `*` stands for any text.
public struct HostPattern: Hashable, Sendable {
    /// The name or pattern as written.
    public var text: String

    /// A name or pattern.
    public init(_ text: String) { self.text = text }

    /// Whether a host of this name is meant; letters match in either case, as in DNS (RFC 4343).
    public func matches(_ name: String) -> Bool {
        Self.matches(Array(text.lowercased().utf8)[...], Array(name.lowercased().utf8)[...])
    }

    private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        // The last star and the name where it began to match: enough to go back to, since a later star covers more.
        var (pattern, name) = (pattern, name)
        var retry: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
        while let byte = name.first {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, name)
            } else if pattern.first == byte {
                (pattern, name) = (pattern.dropFirst(), name.dropFirst())
            } else if let last = retry {
                (pattern, name) = (last.pattern, last.name.dropFirst())
                retry = (pattern, name)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
