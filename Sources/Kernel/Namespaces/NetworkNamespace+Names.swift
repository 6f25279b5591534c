internal import System

extension NetworkNamespace {
    /// The names of the calling thread's network namespace in `ip netns`, sorted; empty if it has none.
    ///
    /// A namespace can have several names; no name survives a boot.
    public static var currentNames: [String] {
        guard let own else { return [] }
        return HostTree.names(directory).filter { FileIdentity(path: "\(directory)/\($0)") == own }
    }

    /// The path of the namespace of this name in `ip netns`.
    public static func path(named name: String) -> String { "\(directory)/\(name)" }

    /// Whether `ip netns` has a network namespace of this name.
    public static func exists(named name: String) -> Bool { FileIdentity(path: "\(directory)/\(name)") != nil }
}
