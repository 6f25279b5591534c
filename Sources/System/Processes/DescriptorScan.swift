internal import Glibc

/// Searches the descriptors of processes for sockets.
struct DescriptorScan {
    /// A descriptor of a process that refers to a socket.
    struct Holding: Hashable {
        /// The process.
        var pid: Int32
        /// The thread with the descriptor; `nil` if all threads share it.
        var thread: Int32?
        /// The number of the descriptor.
        var descriptor: Int32
    }

    /// The mount point of `proc(5)`.
    let proc: String
    /// The holders of each socket found, one entry per process.
    private(set) var holdings: [UInt64: [Holding]] = [:]
    /// The processes whose descriptors may not be read.
    private(set) var unreadable: Set<Int32> = []
    /// Whether a process ended during the scan.
    private(set) var sawOneVanish = false

    /// A scan of the processes in `proc`.
    init(proc: String) { self.proc = proc }

    /// The processes that exist now.
    var processes: [Int32] { Self.numbers(in: proc) ?? [] }

    /// Resets `sawOneVanish` for another attempt.
    mutating func startOver() { sawOneVanish = false }

    /// Whether a process still holds the socket at this descriptor.
    func holds(_ holding: Holding, _ inode: UInt64) -> Bool {
        SocketLink("\(directory(of: holding.pid, holding.thread))/\(holding.descriptor)") == .socket(inode)
    }

    /// Drops a holding that no longer exists.
    mutating func drop(_ holding: Holding, of inode: UInt64) {
        holdings[inode]?.removeAll { $0 == holding }
        if holdings[inode]?.isEmpty ?? false { holdings[inode] = nil }
        sawOneVanish = true
    }

    /// Searches the descriptors that the threads of a process share.
    ///
    /// Descriptors are read in ascending order, until all of `wanted` are found.
    mutating func look(at pid: Int32, for wanted: Set<UInt64>) { look(at: pid, thread: nil, for: wanted) }

    /// Searches the descriptors of many processes for some sockets each, on all processors.
    mutating func look(at searches: [(pid: Int32, wanted: Set<UInt64>)]) {
        let scans = Threads.divide(searches, load: Self.threadLoad, among: Self(proc: proc)) { scan, search in
            scan.look(at: search.pid, for: search.wanted)
        }
        for scan in scans { add(scan) }
    }

    /// The processes for which another thread pays: it starts in the time that some ten take.
    private static let threadLoad = 40

    private mutating func add(_ other: Self) {
        for (inode, holdings) in other.holdings { for holding in holdings { add(holding, of: inode) } }
        unreadable.formUnion(other.unreadable)
        sawOneVanish = sawOneVanish || other.sawOneVanish
    }

    /// Searches the descriptors of each thread of a process.
    ///
    /// A thread has its own descriptors after `unshare(CLONE_FILES)`, and if the first thread has ended.
    mutating func lookAtThreads(of pid: Int32, for wanted: Set<UInt64>) {
        for thread in Self.numbers(in: "\(proc)/\(pid)/task") ?? [] {
            look(at: pid, thread: thread, for: wanted)
        }
    }

    private mutating func look(at pid: Int32, thread: Int32?, for wanted: Set<UInt64>) {
        var directory: Directory
        do throws(SystemError) { directory = try Directory(self.directory(of: pid, thread)) } catch {
            return failed(pid, error)
        }
        var found: Set<UInt64> = []
        while found.count < wanted.count, let number = directory.nextNumber() {
            guard let link = directory.socket(numbered: number) else {
                // ENOENT: the descriptor was just closed.
                let error = SystemError.last
                if error.code != ENOENT { return failed(pid, error) }
                continue
            }
            guard case .socket(let inode) = link, wanted.contains(inode), found.insert(inode).inserted else { continue }
            add(Holding(pid: pid, thread: thread, descriptor: number), of: inode)
        }
    }

    /// The directory of the descriptors.
    private func directory(of pid: Int32, _ thread: Int32?) -> String {
        thread.map { "\(proc)/\(pid)/task/\($0)/fd" } ?? "\(proc)/\(pid)/fd"
    }

    private mutating func add(_ holding: Holding, of inode: UInt64) {
        guard !(holdings[inode]?.contains { $0.pid == holding.pid } ?? false) else { return }
        holdings[inode, default: []].append(holding)
    }

    private mutating func failed(_ pid: Int32, _ error: SystemError) {
        switch error.code {
        case EACCES, EPERM: unreadable.insert(pid)
        default: sawOneVanish = true
        }
    }

    /// The entries of a directory whose names are numbers; `nil` if it cannot be read.
    private static func numbers(in path: String) -> [Int32]? {
        guard var directory = try? Directory(path) else { return nil }
        var numbers: [Int32] = []
        while let number = directory.nextNumber() { numbers.append(number) }
        return numbers
    }
}
