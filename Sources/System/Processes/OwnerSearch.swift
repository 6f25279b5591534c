internal import Glibc
internal import Listeners

/// One search for the owners of sockets.
struct OwnerSearch {
    private let cgroups: CgroupTree
    private var facts: ProcessFacts
    private var scan: DescriptorScan
    private var wanted: Set<UInt64> = []
    /// The sockets whose holders are identified; `nil` for all.
    private let identified: Set<UInt64>?
    /// One-element arrays, made once: most sockets have one owner, and a process has many sockets.
    private var processes: [Int32: [SocketProcess]] = [:]
    private var attempts = 0

    /// Process 1: the service manager.
    private static let first: Int32 = 1
    /// The most passes over all threads while processes come and go.
    private static let attempts = 3

    /// A search of the processes in `proc` that identifies those that hold these sockets; with `nil`, those that hold any.
    init(proc: String, cgroups: CgroupTree, identifying identified: Set<UInt64>? = nil) {
        self.cgroups = cgroups
        self.identified = identified
        facts = ProcessFacts(proc: proc)
        scan = DescriptorScan(proc: proc)
    }

    /// Whether a holder of every socket was found.
    var isComplete: Bool { scan.holdings.count == wanted.count }

    /// The sockets without a holder.
    private var unexplained: Set<UInt64> { isComplete ? [] : wanted.filter { scan.holdings[$0] == nil } }

    /// Searches the units in which the sockets were made, and all processes for the other sockets.
    mutating func run(for listeners: [Listener]) {
        wanted = Set(listeners.map(\.inode)).subtracting([0])
        var elsewhere = wanted
        var inUnits: [(pid: Int32, wanted: Set<UInt64>)] = []
        for (unit, made) in madeInUnits(listeners) {
            guard let pids = cgroups.processes(of: unit) else { continue }
            inUnits += pids.map { ($0, made) }
            elsewhere.subtract(made)
        }
        scan.look(at: inUnits)
        elsewhere.formUnion(unexplained)
        if elsewhere.count < wanted.count { elsewhere.formUnion(heldByManager()) }
        if !elsewhere.isEmpty { scan.look(at: scan.processes.map { ($0, elsewhere) }) }
        identify()
    }

    /// The wanted sockets by the unit in which they were made.
    private func madeInUnits(_ listeners: [Listener]) -> [String: Set<UInt64>] {
        var inCgroups: [UInt64: Set<UInt64>] = [:]
        for listener in listeners where listener.inode != 0 {
            if let cgroup = listener.cgroup { inCgroups[cgroup, default: []].insert(listener.inode) }
        }
        var inUnits: [String: Set<UInt64>] = [:]
        for (cgroup, made) in inCgroups {
            if let unit = cgroups.unit(of: cgroup) { inUnits[unit, default: []].formUnion(made) }
        }
        return inUnits
    }

    /// Searches for the sockets without a holder in every thread of every process.
    ///
    /// A process may have closed a socket or passed it on during the search; if a process ended, the pass is repeated.
    mutating func repeatThoroughly() {
        for _ in 0..<Self.attempts where !isComplete && (attempts == 0 || scan.sawOneVanish) {
            attempts += 1
            scan.startOver()
            let missing = unexplained
            for pid in scan.processes { scan.lookAtThreads(of: pid, for: missing) }
            identify()
        }
    }

    /// The sockets that the service manager holds and so may have passed on; all sockets if that is not known.
    private mutating func heldByManager() -> Set<UInt64> {
        scan.look(at: Self.first, for: wanted)
        guard !scan.unreadable.contains(Self.first) else { return wanted }
        return wanted.filter { scan.holdings[$0]?.contains { $0.pid == Self.first } ?? false }
    }

    /// Reads the facts of the holders, and checks afterwards that they still hold their sockets: process ids are reused.
    private mutating func identify() {
        var unidentified = holdersWithoutFacts
        while !unidentified.isEmpty {
            let found = Threads.divide(unidentified, load: Self.threadLoad, among: Identification(facts: facts)) {
                [scan] found, holder in
                let process = found.facts.process(holder.holding.pid)
                found.processes.append((holder, scan.holds(holder.holding, holder.inode) ? process : nil))
            }
            for (holder, process) in found.flatMap(\.processes) {
                if let process {
                    processes[holder.holding.pid] = [process]
                } else {
                    scan.drop(holder.holding, of: holder.inode)
                }
            }
            unidentified = holdersWithoutFacts
        }
    }

    /// A descriptor of a socket.
    private typealias Holder = (holding: DescriptorScan.Holding, inode: UInt64)

    /// What one thread finds out about holders; no process for one that holds its socket no more.
    private struct Identification {
        var facts: ProcessFacts
        var processes: [(Holder, SocketProcess?)] = []
    }

    /// The processes for which another thread pays.
    private static let threadLoad = 8

    /// A descriptor of each process whose facts are not known.
    private var holdersWithoutFacts: [Holder] {
        var seen: Set<Int32> = []
        return scan.holdings.filter { isIdentified($0.key) }.flatMap { inode, holdings in
            holdings.filter { processes[$0.pid] == nil && seen.insert($0.pid).inserted }.map { ($0, inode) }
        }
    }

    private func isIdentified(_ inode: UInt64) -> Bool { identified?.contains(inode) ?? true }

    /// The owners of a socket; `doubt` gives the reason why a socket without a holder may still have an owner.
    func owners(of inode: UInt64, doubt: (UInt64) -> String?) -> Owners {
        // Sockets with a descriptor have inode numbers from 1 on.
        if inode == 0 { return .kernel }
        let holdings = scan.holdings[inode] ?? []
        if !holdings.isEmpty && !isIdentified(inode) { return .notAsked }
        if holdings.count == 1, let found = processes[holdings[0].pid] { return .processes(found) }
        let found = holdings.compactMap { processes[$0.pid]?.first }.sorted { $0.pid < $1.pid }
        if !found.isEmpty { return .processes(found) }
        return doubt(inode).map(Owners.unknown) ?? .kernel
    }

    /// The reason why the sockets without a holder may still have one; `nil` if they certainly have none.
    func doubt() -> String? {
        let count = scan.unreadable.count { !facts.isKernelThread($0) }
        if count > 0 {
            let advice = geteuid() == 0 ? "CAP_SYS_PTRACE or a security module is in the way" : "run as root"
            let holders = count == 1 ? "1 process holds" : "\(count) processes hold"
            return "no privilege to see which sockets \(holders): \(advice)"
        }
        if !scan.processes.contains(Self.first) {
            return "/proc does not show all processes: run as root, or without hidepid"
        }
        if !facts.isOfWholeHost { return "it may belong to a process of another pid namespace: run on the host" }
        return scan.sawOneVanish ? "a process ended during the search: run it again" : nil
    }
}
