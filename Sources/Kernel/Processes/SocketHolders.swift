internal import Glibc

/// Which processes hold which sockets, as far as it has been looked for.
struct SocketHolders {
    /// Inode number of a socket to the processes that hold it, ascending.
    private(set) var processes: [UInt64: [Int32]] = [:]
    /// Processes whose descriptors may not be read.
    private(set) var denied: Set<Int32> = []
    private var read: Set<Int32> = []
    private let wanted: Set<UInt64>

    /// A search for these sockets.
    init(wanted: Set<UInt64>) { self.wanted = wanted }

    /// The sockets that nobody was found to hold.
    var missing: Set<UInt64> { wanted.subtracting(processes.keys) }

    /// Every process that /proc shows.
    static var allProcesses: [Int32] {
        ((try? ProcessFiles.names(in: "/proc").get()) ?? []).compactMap { Int32($0) }.sorted()
    }

    /// Looks through the descriptors of a process, once, until it has seen all of `enough` there.
    ///
    /// Descriptors come in ascending order, and listeners are opened early: a server with many connections is left soon.
    mutating func look(at process: Int32, enough: Set<UInt64>) {
        guard read.insert(process).inserted else { return }
        let folder = "/proc/\(process)/fd"
        switch ProcessFiles.names(in: folder) {
        case .failure(let error):
            if error.code == EACCES || error.code == EPERM { denied.insert(process) }
        case .success(let descriptors):
            var rest = enough
            for descriptor in descriptors {
                guard let inode = Self.socket("\(folder)/\(descriptor)"), wanted.contains(inode) else { continue }
                if processes[inode]?.last != process { processes[inode, default: []].append(process) }
                rest.remove(inode)
                if rest.isEmpty { return }
            }
        }
    }

    /// The inode number in `socket:[123]`, what the link of a socket's descriptor says.
    private static func socket(_ path: String) -> UInt64? {
        guard case .success(let target) = ProcessFiles.target(of: path), target.hasPrefix("socket:[") else {
            return nil
        }
        return UInt64(target.dropFirst("socket:[".count).dropLast())
    }
}
