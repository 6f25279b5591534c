internal import Glibc
public import System

/// The directory of a network namespace's state, the same however the namespace was entered.
///
/// The state of the host and of a namespace with a name in `ip netns` survives a boot; the state of a nameless
/// namespace does not, as the namespace itself does not.
public struct StateLocation: Sendable {
    /// The directory of the state.
    public var directory: String
    /// A link to the directory that stays valid if the namespace loses its name; `nil` if there is none, as before
    /// kernel 5.14.
    private var link: String?

    /// The directory of the host's own state.
    public static let lasting = "/var/lib/portreeve"
    private static let named = "\(lasting)/netns"

    /// A directory that the user chose.
    public init(directory: String) { self.directory = directory }

    /// The location for the network namespace of the calling thread.
    public static var current: Self {
        if RulesetIdentity.isHost { return Self(directory: lasting) }
        let base = hasState(of: "/run") ? "/run/portreeve" : "/tmp/portreeve-\(geteuid())"
        let own = "\(base)/netns-\(RulesetIdentity.current.namespace)"
        // No link without a unique number: a later namespace with the same number would find this one's state.
        let link = RulesetIdentity.isUnique ? own : nil
        let names = NetworkNamespace.currentNames
        if let name = linkedName(own), names.contains(name) || !NetworkNamespace.exists(named: name) {
            return Self(directory: "\(named)/\(name)")
        }
        let directories = hasState(of: "/var/lib") ? names.map { "\(named)/\($0)" } : []
        if let kept = directories.first(where: StateFiles.exists) { return Self(directory: kept, link: link) }
        // The namespace had no name when its state was first written.
        guard !StateFiles.exists(own), let first = directories.first else { return Self(directory: own) }
        return Self(directory: first, link: link)
    }

    /// Whether the state of a namespace is below this directory of root's.
    ///
    /// A process in its own user namespace cannot write there. Another one that cannot is a user who forgot to be root,
    /// and must not take an empty directory of its own for the state.
    private static func hasState(of directory: String) -> Bool {
        FileSystem.mayWrite(directory) || UserNamespace.isInitial
    }

    private init(directory: String, link: String?) {
        self.directory = directory
        self.link = link
    }

    /// Opens the directory, and creates it if it is missing.
    ///
    /// - Throws: `permission` or `io`.
    public func open() throws(KernelError) -> StateFiles {
        let files = try StateFiles(directory: directory)
        // Only a namespace that loses its name needs the link: failing to create it is no error.
        if let link, let slash = link.lastIndex(of: "/"), (try? StateFiles(directory: String(link[..<slash]))) != nil {
            try? FileSystem.makeLink(link, to: directory)
        }
        return files
    }

    /// The name of the namespace to whose state a link points.
    private static func linkedName(_ path: String) -> String? {
        guard let text = FileSystem.linkTarget(path), text.hasPrefix("\(named)/") else { return nil }
        return String(text.dropFirst(named.count + 1))
    }
}
