/// The tree of cgroups(7), version 2.
struct ControlGroups {
    /// Where systemd mounts it.
    private static let root = "/sys/fs/cgroup"
    /// Deeper than any tree that systemd or a container engine makes.
    private static let deepest = 32

    /// The inode number of each directory to its path.
    private var paths: [UInt64: String] = [:]

    /// Reads the tree; empty where it is not mounted.
    init() { visit(Self.root, depth: 0) }

    private mutating func visit(_ path: String, depth: Int) {
        guard depth < Self.deepest, let inode = ProcessFiles.directoryInode(path) else { return }
        paths[inode] = path
        for name in (try? ProcessFiles.names(in: path).get()) ?? [] where !name.contains(".") || name.hasUnitSuffix {
            visit("\(path)/\(name)", depth: depth + 1)
        }
    }

    /// The processes of a cgroup, by the inode number of its directory.
    func processes(of cgroup: UInt64) -> [Int32] {
        guard let path = paths[cgroup], let text = ProcessFiles.text(of: "\(path)/cgroup.procs") else { return [] }
        return text.split(separator: "\n").compactMap { Int32($0) }
    }

    /// The unit and the container that a cgroup's path names.
    ///
    /// Units are the last component that ends like one; containers carry their id in 64 hexadecimal digits, of which the
    /// first 12 name them.
    static func names(in path: String) -> (unit: String?, container: String?) {
        let parts = path.split(separator: "/").map(String.init)
        let unit = parts.last { $0.hasSuffix(".service") || $0.hasSuffix(".scope") || $0.hasSuffix(".socket") }
        let digits = parts.reversed().lazy.compactMap { part in
            part.split { !$0.isHexDigit }.first { $0.count == 64 }
        }.first
        return (
            digits == nil ? unit : unit.flatMap { $0.hasSuffix(".service") ? $0 : nil },
            digits.map { String($0.prefix(12)) }
        )
    }
}

extension String {
    /// Whether a directory of the tree that has a dot in its name is a cgroup, not a file of the kernel's.
    fileprivate var hasUnitSuffix: Bool {
        [".slice", ".service", ".scope", ".socket", ".mount", ".swap"].contains(where: hasSuffix)
    }
}
