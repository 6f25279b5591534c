internal import System

extension NetworkNamespace {
    /// The names by which `ip netns` knows the network namespace of the calling thread, sorted; none for a nameless one.
    ///
    /// A namespace may have several names, and a name outlives no boot.
    public static var currentNames: [String] {
        guard let own = NamespaceInode.own else { return [] }
        return HostTree.names(directory).filter { NamespaceInode(path: "\(directory)/\($0)") == own }
    }

    /// Whether `ip netns` knows a network namespace by this name.
    public static func exists(named name: String) -> Bool { NamespaceInode(path: "\(directory)/\(name)") != nil }
}
