internal import Glibc
public import System

/// Where the state of a network namespace is kept: in one place, however the namespace was entered.
///
/// The state of the host and of a namespace that `ip netns` has named outlives a boot; that of a nameless one does not, for
/// the namespace does not either.
public struct StateLocation: Sendable {
    /// The directory of the state.
    public var directory: String
    /// A link to the directory that holds as long as the namespace lives, also when its name is deleted; `nil` for none,
    /// as before kernel 5.14.
    private var link: String?

    private static let lasting = "/var/lib/portreeve"
    private static let named = "\(lasting)/netns"

    /// A directory that was chosen.
    public init(directory: String) { self.directory = directory }

    /// The place for the network namespace of the calling thread.
    public static var current: Self {
        if RulesetIdentity.isHost { return Self(directory: lasting) }
        // In a user namespace of one's own, the directories of root cannot be written.
        let base = mayWrite("/run") ? "/run/portreeve" : "/tmp/portreeve-\(geteuid())"
        let own = "\(base)/netns-\(RulesetIdentity.current.namespace)"
        // A number that a later namespace can get must not lead that one to this one's state.
        let link = RulesetIdentity.isUnique ? own : nil
        let names = NetworkNamespace.currentNames
        if let name = linkedName(own), names.contains(name) || !NetworkNamespace.exists(named: name) {
            return Self(directory: "\(named)/\(name)")
        }
        let directories = mayWrite("/var/lib") ? names.map { "\(named)/\($0)" } : []
        if let kept = directories.first(where: StateFiles.exists) { return Self(directory: kept, link: link) }
        // The namespace was nameless when its state was first kept.
        guard !StateFiles.exists(own), let first = directories.first else { return Self(directory: own) }
        return Self(directory: first, link: link)
    }

    private init(directory: String, link: String?) {
        self.directory = directory
        self.link = link
    }

    /// The files of the directory, which is made when it is missing.
    ///
    /// - Throws: `permission` or `io`.
    public func open() throws(KernelError) -> StateFiles {
        let files = try StateFiles(directory: directory)
        // The link serves only a namespace that loses its name: without it nothing else is wrong.
        if let link, let slash = link.lastIndex(of: "/"), (try? StateFiles(directory: String(link[..<slash]))) != nil {
            _ = unsafe symlink(directory, link)
        }
        return files
    }

    /// The name of the namespace to whose state a link leads.
    private static func linkedName(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &target, target.count)
        guard count > 0 else { return nil }
        let text = String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard text.hasPrefix("\(named)/") else { return nil }
        return String(text.dropFirst(named.count + 1))
    }

    /// Whether this user may write in a directory, but for a disk that is read-only at present.
    private static func mayWrite(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 || errno == EROFS }
}
