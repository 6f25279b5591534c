internal import Glibc

/// Looks through the descriptors of processes for sockets.
struct DescriptorScan {
    /// Where a process holds a socket.
    struct Holding: Hashable {
        /// The process.
        var pid: Int32
        /// The link that led to the socket, below `/proc`.
        var link: String
    }

    /// Where `proc(5)` is mounted.
    let proc: String
    /// Who holds each socket, once for each process.
    private(set) var holdings: [UInt64: [Holding]] = [:]
    /// The processes whose descriptors may not be read.
    private(set) var unreadable: Set<Int32> = []
    /// Whether a process went away while it was looked at.
    private(set) var sawOneVanish = false

    /// A scan of the processes below `proc`.
    init(proc: String) { self.proc = proc }

    /// The processes that there are at this time.
    var processes: [Int32] { Self.numbers(in: proc) ?? [] }

    /// Forgets who went away, for another attempt.
    mutating func startOver() { sawOneVanish = false }

    /// Whether a process still holds the socket where it was found.
    func holds(_ holding: Holding, _ inode: UInt64) -> Bool {
        let parts = holding.link.split(separator: "/")
        guard let name = parts.last, let directory = Directory("\(proc)/\(parts.dropLast().joined(separator: "/"))")
        else { return false }
        return directory.socket(named: String(name)) == .socket(inode)
    }

    /// Drops a process that does not hold the socket any more.
    mutating func drop(_ holding: Holding, of inode: UInt64) {
        holdings[inode]?.removeAll { $0 == holding }
        sawOneVanish = true
    }

    /// Looks for sockets among the descriptors that the threads of a process have in common.
    ///
    /// Descriptors are read in ascending order, and only until all of `wanted` are found.
    mutating func look(at pid: Int32, for wanted: Set<UInt64>) { look(at: pid, directory: "\(pid)/fd", for: wanted) }

    /// Looks for sockets among the descriptors of each thread of a process.
    ///
    /// A thread has its own after `unshare(CLONE_FILES)`, and where the first thread has ended.
    mutating func lookAtThreads(of pid: Int32, for wanted: Set<UInt64>) {
        for thread in Self.numbers(in: "\(proc)/\(pid)/task") ?? [] {
            look(at: pid, directory: "\(pid)/task/\(thread)/fd", for: wanted)
        }
    }

    private mutating func look(at pid: Int32, directory name: String, for wanted: Set<UInt64>) {
        guard var directory = Directory("\(proc)/\(name)") else { return failed(pid) }
        var found: Set<UInt64> = []
        while found.count < wanted.count, let entry = directory.next() {
            guard let link = directory.socket(named: entry.name) else {
                // `.` and `..` are no links, and a descriptor that was just closed is no matter.
                if errno != EINVAL && errno != ENOENT { return failed(pid) }
                continue
            }
            guard case .socket(let inode) = link, wanted.contains(inode), found.insert(inode).inserted else { continue }
            add(Holding(pid: pid, link: "\(name)/\(entry.name)"), of: inode)
        }
    }

    private mutating func add(_ holding: Holding, of inode: UInt64) {
        guard !(holdings[inode]?.contains { $0.pid == holding.pid } ?? false) else { return }
        holdings[inode, default: []].append(holding)
    }

    private mutating func failed(_ pid: Int32) {
        switch errno {
        case EACCES, EPERM: unreadable.insert(pid)
        default: sawOneVanish = true
        }
    }

    /// The entries of a directory whose names are numbers.
    private static func numbers(in path: String) -> [Int32]? {
        guard var directory = Directory(path) else { return nil }
        var numbers: [Int32] = []
        while let entry = directory.next() {
            if let number = Int32(entry.name) { numbers.append(number) }
        }
        return numbers
    }
}
