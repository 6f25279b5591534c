/// The parents of processes: proc_pid_stat(5).
struct ProcessTree {
    /// One process.
    struct Node: Hashable {
        /// The parent: the process that started it, or the reaper that adopted it.
        let parent: Int32
        /// The device number of the controlling terminal; 0 if there is none.
        let terminal: Int32

        /// Whether the terminal is a pseudoterminal: character devices 136 to 143, `devices.txt` of the kernel.
        var isOnPseudoterminal: Bool { (136...143).contains(terminal >> 8 & 0xfff) }

        /// Parses `4711 (sshd) S 1 4711 4711 34816 …`; the name may contain brackets and spaces.
        init?(_ stat: String) {
            guard let end = stat.lastIndex(of: ")") else { return nil }
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            // Fields: state, parent, process group, session, terminal.
            guard fields.count > 4, let parent = Int32(fields[1]), let terminal = Int32(fields[4]) else { return nil }
            self.parent = parent
            self.terminal = terminal
        }
    }

    /// The mount point of `proc(5)`.
    let proc: String

    /// The most ancestors to follow; bounds a loop that reused process ids could make.
    private static let deepest = 4096

    /// The entry of a process; `nil` if it is gone.
    func node(_ pid: Int32) -> Node? { ProcFile.text("\(proc)/\(pid)/stat").flatMap(Node.init) }

    /// The parent of a process, the parent's parent, and so on.
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
