/// Which process started which: `man 5 proc_pid_stat`.
struct ProcessTree {
    /// What is told of one process.
    struct Node: Hashable {
        /// The process that started it, or that took it over.
        let parent: Int32
        /// The device number of its controlling terminal; 0 for none.
        let terminal: Int32

        /// Whether it has a terminal that a program is the other end of: `devices.txt`, 136 to 143 char.
        var isOnPseudoterminal: Bool { (136...143).contains(terminal >> 8 & 0xfff) }

        /// Reads `4711 (sshd) S 1 4711 4711 34816 …`; a name may hold brackets and spaces itself.
        init?(_ stat: String) {
            guard let end = stat.lastIndex(of: ")") else { return nil }
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            // State, parent, process group, session, terminal.
            guard fields.count > 4, let parent = Int32(fields[1]), let terminal = Int32(fields[4]) else { return nil }
            self.parent = parent
            self.terminal = terminal
        }
    }

    /// Where `proc(5)` is mounted.
    let proc: String

    /// No process has more ancestors, unless process ids changed hands meanwhile.
    private static let deepest = 4096

    /// What is told of a process; `nil` if it is gone.
    func node(_ pid: Int32) -> Node? { ProcFile.text("\(proc)/\(pid)/stat").flatMap(Node.init) }

    /// The process that started this one, the one that started that, and so on.
    func ancestors(of pid: Int32) -> [Int32] {
        var ancestors: [Int32] = []
        var next = node(pid)?.parent ?? 0
        while next > 0 && ancestors.count < Self.deepest {
            ancestors.append(next)
            next = node(next)?.parent ?? 0
        }
        return ancestors
    }
}
