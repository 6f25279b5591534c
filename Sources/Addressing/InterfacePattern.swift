/// The name of a network interface, or the prefix of one.
public struct InterfacePattern: Hashable, Sendable {
    /// The longest name in bytes: IFNAMSIZ of `linux/if.h` minus the NUL.
    public static let maximumLength = 15

    /// The name, or its prefix without the `*`.
    public let name: String
    /// Whether `name` is a prefix.
    public let isPrefix: Bool

    /// A pattern of these parts, which are not validated.
    public init(name: String, isPrefix: Bool) {
        self.name = name
        self.isPrefix = isPrefix
    }
}

extension InterfacePattern {
    /// Whether an interface of this name matches; the name may be one that `KernelName` wrote.
    public func matches(_ interface: String) -> Bool {
        let (own, other) = (Array(name.utf8), KernelName.bytes(of: interface))
        return isPrefix ? other.starts(with: own) : other == own
    }
}

extension InterfacePattern: CustomStringConvertible {
    /// The pattern as a policy writes it: `eth0`, `wg*`.
    public var description: String { isPrefix ? name + "*" : name }
}
