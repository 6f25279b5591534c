/// The name of a network interface, or the start of one.
public struct InterfacePattern: Hashable, Sendable {
    /// The longest name: IFNAMSIZ of `linux/if.h` less its NUL.
    public static let maximumLength = 15

    /// The name, or what it must start with; without the `*`.
    public let name: String
    /// Whether any rest may follow `name`.
    public let isPrefix: Bool

    /// A pattern of these parts, not validated.
    public init(name: String, isPrefix: Bool) {
        self.name = name
        self.isPrefix = isPrefix
    }
}

extension InterfacePattern: CustomStringConvertible {
    /// The pattern as a policy writes it: `eth0`, `wg*`.
    public var description: String { isPrefix ? name + "*" : name }
}
