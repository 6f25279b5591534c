import Addressing
import ArgumentParser
import Changes
import Commands
import Foundation
import Kernel
import Listeners
import Policies
import System
import Testing

/// A host with a simulated ruleset, output and user.
final class Terminal {
    let store = MemoryStore()
    private(set) var output = ""
    private(set) var errors = ""
    private(set) var questions = 0
    /// The last question.
    private(set) var question = ""
    /// The sockets of the host; none by default.
    var sockets = HostSockets(listeners: [], ephemeral: EphemeralPorts(range: 32768...60999))
    /// The admin sessions.
    var admins = AdminSessions()
    /// The user's answer; `nil` if there is no terminal.
    var answer: String?
    /// The answers before that.
    var answers: [String] = []
    /// The columns of the terminal; `nil` for a pipe.
    var outputColumns: Int?
    var forbidsColor = false
    /// Whether results go to a file, so that no one reads them before answering.
    var hidesOutput = false
    /// Whether messages go to a terminal.
    var isErrorTerminal = false
    var now: Int64 = 1_800_000_000
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "portreeve-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Writes a policy, and returns its path.
    func write(_ policy: String, to name: String = "policy.yaml") throws -> String {
        let file = folder.appending(path: name)
        try Data(policy.utf8).write(to: file)
        return file.path
    }

    /// Runs a command line; its output is kept until the next run.
    func run(_ arguments: String...) throws -> Commands.ExitStatus { try run(arguments) }

    /// Runs a command line.
    func run(_ arguments: [String]) throws -> Commands.ExitStatus {
        (output, errors) = ("", "")
        let command = try Portreeve.parseAsRoot(arguments)
        guard let command = command as? any Command else { throw ValidationError("not a command of portreeve") }
        return command.run(on: host)
    }

    /// Files in memory.
    var memory: [String: String] = [:]
    /// The user's SSH connection.
    var sshConnection: SSHConnection?
    /// The interfaces of the host.
    var interfaces: [HostInterface] = []
    /// The networks of the host's addresses.
    var networks: [(interface: String, prefix: String)] = []
    /// Files that other processes have locked.
    var locked: Set<String> = []

    private var files: HostFiles {
        HostFiles(
            read: { [unowned self] path throws(KernelError) in memory[path] },
            replace: { [unowned self] path, text throws(KernelError) in memory[path] = text },
            create: { [unowned self] path, text throws(KernelError) in
                if memory[path] != nil { return false }
                memory[path] = text
                return true
            },
            lock: { [unowned self] path throws(KernelError) in !locked.contains(path) })
    }

    /// Milliseconds since boot.
    var uptime: Int64 = 1_000_000
    /// Milliseconds that pass between two looks at that clock.
    var delay: Int64 = 0
    /// The boot id.
    var boot = "boot"
    /// The number of the network namespace.
    var namespace: UInt64 = 1
    /// The number of armed undos, and the announcements.
    private(set) var armed = 0
    private(set) var announcements: [String] = []

    /// Loses the state, as a host that is installed anew does.
    func forgetState() throws { try FileManager.default.removeItem(at: folder.appending(path: "state")) }

    /// What changes of the ruleset need of the host.
    var changes: ChangeHost {
        var host = ChangeHost(
            location: { [folder] in StateLocation(directory: folder.appending(path: "state").path) },
            identity: { [unowned self] in RulesetIdentity(boot: boot, namespace: namespace) },
            author: { Author(user: "root", login: "alice", client: "198.51.100.7") },
            uptime: { [unowned self] in
                uptime += delay
                return uptime
            }, arm: { [unowned self] _ throws(KernelError) in armed += 1 },
            announce: { [unowned self] in announcements.append($0) })
        host.warn = { [unowned self] in errors += "portreeve: warning: \($0)\n" }
        return host
    }

    /// The connections of the host.
    let sessions = MemorySessions()

    /// The log of packets, and how it was opened.
    let log = MemoryLog()
    private(set) var logOpenings: [String] = []
    /// Whether the kernel's log has the packets of this network namespace.
    var isKernelLogReadable = true
    /// What ends each wait of a command that goes on; a signal does once the list is empty.
    var wakenings: [Wakening] = []

    /// The terminal that `--watch` paints once.
    var screen = TerminalSize(rows: 24, columns: 80)

    /// The addresses of DNS names; a name without any has no answer.
    var names: [String: [String]] = [:]
    /// The names that were looked up.
    private(set) var lookedUp: [String] = []

    /// The servers that the host's configuration names.
    var needs = OutboundNeeds()

    /// The editor of `edit`: it gets the path of a copy of the policy.
    var editor: (_ path: String) -> Void = { _ in }

    private func lookUp(_ asked: [String]) -> [NameAnswer] {
        lookedUp += asked
        return asked.flatMap { name in
            AddressFamily.allCases.map { family in
                guard let texts = names[name] else { return NameAnswer(name, family, .failure("no answer")) }
                let addresses = texts.compactMap { (try? AddressRange($0)).flatMap(IPAddress.init) }.filter {
                    $0.family == family
                }
                return NameAnswer(name, family, addresses.isEmpty ? .absent : .addresses(addresses))
            }
        }
    }

    private var host: Commands.Host {
        var host = plainHost
        (host.hidesOutput, host.isErrorTerminal) = (hidesOutput, isErrorTerminal)
        host.lookUp = { [unowned self] names, _ in lookUp(names) }
        host.edit = { [unowned self] path throws(KernelError) in editor(path) }
        host.outboundNeeds = { [needs] in needs }
        host.clock = { [now] in now }
        host.wait = { [unowned self] _, _ in wakenings.isEmpty ? .stop : wakenings.removeFirst() }
        host.packetLog = { [unowned self] destination, start throws(KernelError) in
            logOpenings.append("\(destination)\(start == .now ? " from now" : "")")
            return log
        }
        host.interfaces = { [interfaces] in interfaces }
        host.isKernelLogReadable = { [isKernelLogReadable] in isKernelLogReadable }
        host.repaint = { [unowned self] frame in output += try frame(screen).joined(separator: "\n") }
        return host
    }

    private var plainHost: Commands.Host {
        Commands.Host(
            openStore: { [store] _ throws(KernelError) in store },
            socketReading: { [sockets] request throws(KernelError) in sockets.answering(request) },
            files: files, changes: changes, sessions: sessions,
            networks: { [networks] in networks }, admins: { [admins] in admins }, sshConnection: sshConnection,
            standardOutput: { [unowned self] in output += $0 },
            standardError: { [unowned self] in errors += $0 },
            ask: { [unowned self] text in
                questions += 1
                question = text
                return answers.isEmpty ? answer : answers.removeFirst()
            },
            outputColumns: outputColumns, forbidsColor: forbidsColor, now: now)
    }

    /// The output as JSON.
    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
    }
}

let web = """
    version: 1
    services:
      web:
        ports: [80, 443]
        from: any
        why: Public site
      db:
        ports: 5432
        from: [10.0.0.0/8, "2001:db8::/32"]
        why: App database
        ticket: OPS-9

    """

extension Terminal {
    /// The policy in a text.
    func policy(_ text: String) throws -> Policy {
        let reading = PolicyReader.read(
            path: try write(text, to: "parsed.yaml"), options: ReadingOptions(), files: TrustedFiles())
        return try #require(reading.policy)
    }
}

extension HostSockets {
    /// The sockets as a host answers a request: the owners of the others are not asked for.
    fileprivate func answering(_ request: OwnerRequest) -> HostSockets {
        guard let identified = request.inodes(among: listeners) else { return self }
        var answer = self
        for index in listeners.indices where !identified.contains(listeners[index].inode) {
            if case .processes = listeners[index].owners { answer.listeners[index].owners = .notAsked }
        }
        return answer
    }
}
